// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Admin service of admin.proto, and who may call it.
//
//   server.AddEndpoint(*std::move(listener), {.admit = tokens::AdmitAdmin}).Add(&admin_service);
//
// Thread safety and ownership: as rpc/service.h; the agent and the pool outlive it.

#ifndef TOKENS_ADMIN_SERVICE_H_
#define TOKENS_ADMIN_SERVICE_H_

#include "absl/status/status.h"
#include "admin.pb.h"
#include "agent.h"
#include "rpc/call/thread_pool.h"
#include "rpc/call/unary_call.h"
#include "rpc/service.h"
#include "uds/peer_credentials.h"

namespace tokens {

// Root, and the agent's own uid.
absl::Status AdmitAdmin(const uds::PeerCredentials& peer);

class AdminService final : public rpc::Service {
 public:
  AdminService(Agent* agent, rpc::ThreadPool* pool);

 private:
  rpc::Task Rotate(rpc::UnaryCall<v1::RotateRequest, v1::RotateReply>& call);
  rpc::Task ListIssued(rpc::UnaryCall<v1::ListIssuedRequest, v1::ListIssuedReply>& call);

  Agent& agent_;
  rpc::ThreadPool& pool_;
};

}  // namespace tokens

#endif  // TOKENS_ADMIN_SERVICE_H_
