// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "token_service.h"

#include <cstdint>
#include <random>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/call/when.h"

namespace tokens {
namespace {

// When a watcher of a token gets the next one: after half to two thirds of the lifetime, at random.
// Otherwise all watchers of all machines would come at once for good after one restart or rotation. A
// watcher that is late by a third of the lifetime still has a valid token.
absl::Duration RenewalOf(absl::Duration lifetime) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return lifetime * std::uniform_real_distribution<double>(1.0 / 2, 2.0 / 3)(random);
}

}  // namespace

TokenService::TokenService(Agent* agent) : Service("tokens.v1.Tokens"), agent_(*agent) {
  Handle("Issue", &TokenService::Issue);
  Handle("Watch", &TokenService::Watch);
  Handle("Verify", &TokenService::Verify);
}

rpc::Task TokenService::Issue(rpc::UnaryCall<v1::IssueRequest, v1::Token>& call) {
  co_await call.Finish(agent_.Issue(call.peer(), call.request().audience()));
}

rpc::Task TokenService::Watch(rpc::ServerStreamCall<v1::IssueRequest, v1::Token>& call) {
  call.EndWhenDraining(absl::UnavailableError("the agent is stopping; watch again"));
  while (!call.ended()) {
    const std::uint64_t seen =
        agent_.changed().sent();  // before the look, so that nothing is missed
    const absl::StatusOr<v1::Token> token = agent_.Issue(call.peer(), call.request().audience());
    if (!token.ok()) {  // at first, or since a reload has changed the rules
      co_await call.Finish(token.status());
      co_return;
    }
    const bool written = co_await call.Write(*token);
    if (!written) co_return;
    const absl::Duration renewal = RenewalOf(agent_.config().lifetime);
    co_await rpc::WhenAny(call.Wait(agent_.changed(), seen), call.Sleep(renewal));
  }
}

rpc::Task TokenService::Verify(rpc::UnaryCall<v1::VerifyRequest, v1::VerifyReply>& call) {
  co_await call.Finish(agent_.Verify(call.request().audience(), call.request().token()));
}

}  // namespace tokens
