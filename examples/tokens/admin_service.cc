// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "admin_service.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "rpc/call/run_on.h"

namespace tokens {

absl::Status AdmitAdmin(const uds::PeerCredentials& peer) {
  if (peer.uid == 0 || uds::IsOurUser(peer)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      "uid ", peer.uid, " may not administer the agent; call as root, or as the agent's own user"));
}

AdminService::AdminService(Agent* agent, rpc::ThreadPool* pool)
    : Service("tokens.v1.Admin"), agent_(*agent), pool_(*pool) {
  Handle("Rotate", &AdminService::Rotate);
  Handle("ListIssued", &AdminService::ListIssued);
}

rpc::Task AdminService::Rotate(rpc::UnaryCall<v1::RotateRequest, v1::RotateReply>& call) {
  const absl::StatusOr<Agent::Reloaded> reloaded = co_await call.RunOn(
      pool_, [this](bool revoke_old) { return agent_.Reload(revoke_old); },
      call.request().revoke_old());
  if (!reloaded.ok()) {
    co_await call.Finish(reloaded.status());
    co_return;
  }
  v1::RotateReply reply;
  reply.set_key_changed(reloaded->key_changed);
  reply.set_needs_restart(reloaded->needs_restart);
  co_await call.Finish(reply);
}

rpc::Task AdminService::ListIssued(
    rpc::UnaryCall<v1::ListIssuedRequest, v1::ListIssuedReply>& call) {
  co_await call.Finish(agent_.Issued());
}

}  // namespace tokens
