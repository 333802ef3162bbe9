// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A ClientContext with what the command line says of every call.
//
//   grpc::ClientContext context;
//   SetUp(options.call, &context);
//   context.set_deadline(DeadlineAfter(options.call.timeout));
//   const InterruptedBy scope(&interrupt, &context);
//
// Thread safety: free functions without state.

#ifndef CLIENT_CALL_CONTEXT_H_
#define CLIENT_CALL_CONTEXT_H_

#include "client/interrupt.h"
#include "client/options.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace udsecho::client {

// Metadata, compression and authority; no deadline, which streams do without.
void SetUp(const CallOptions& options, grpc::ClientContext* context);

// `status`, and if the call waited for a connection until its timeout (--retry), that.
grpc::Status WithConnection(const grpc::Status& status, const CallOptions& options,
                            grpc::Channel* channel);

// Cancels the call on Ctrl-C, until its own end. The context must outlive it.
class InterruptedBy {
 public:
  InterruptedBy(Interrupt* interrupt, grpc::ClientContext* context)
      : scope_(interrupt, [context] { context->TryCancel(); }) {}

 private:
  const Interrupt::Scope scope_;
};

}  // namespace udsecho::client

#endif  // CLIENT_CALL_CONTEXT_H_
