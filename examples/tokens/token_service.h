// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Tokens service of tokens.proto.
//
// Thread safety and ownership: as rpc/service.h; the agent outlives it.

#ifndef TOKENS_TOKEN_SERVICE_H_
#define TOKENS_TOKEN_SERVICE_H_

#include "agent.h"
#include "rpc/call/stream_calls.h"
#include "rpc/call/unary_call.h"
#include "rpc/service.h"
#include "tokens.pb.h"

namespace tokens {

class TokenService final : public rpc::Service {
 public:
  explicit TokenService(Agent* agent);

 private:
  rpc::Task Issue(rpc::UnaryCall<v1::IssueRequest, v1::Token>& call);
  rpc::Task Watch(rpc::ServerStreamCall<v1::IssueRequest, v1::Token>& call);
  rpc::Task Verify(rpc::UnaryCall<v1::VerifyRequest, v1::VerifyReply>& call);

  Agent& agent_;
};

}  // namespace tokens

#endif  // TOKENS_TOKEN_SERVICE_H_
