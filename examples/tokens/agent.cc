// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "agent.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "signer.h"

namespace tokens {
namespace {

constexpr std::size_t kMostRecorded = 1000;  // tokens that ListIssued tells of

void SetTime(absl::Time time, google::protobuf::Timestamp* to) {
  to->set_seconds(absl::ToUnixSeconds(time));
}

}  // namespace

absl::StatusOr<Agent::Reloaded> Agent::Reload(bool revoke_old) {
  const std::lock_guard<std::mutex> one_at_a_time(reloading_);
  absl::StatusOr<Config> config = ReadConfig(config_path_);
  if (!config.ok()) return config.status();
  absl::StatusOr<std::shared_ptr<const Signer>> signer = Signer::Load(config->key_file);
  if (!signer.ok()) return signer.status();

  Reloaded result;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    result.key_changed = keys_.Use(*std::move(signer), now_());
    if (revoke_old) keys_.ForgetOld();
    result.needs_restart = loaded_ && (config->public_socket != config_.public_socket ||
                                       config->admin_socket != config_.admin_socket);
    config_ = *std::move(config);
    loaded_ = true;
  }
  changed_.Send();
  return result;
}

Config Agent::config() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return config_;
}

absl::StatusOr<v1::Token> Agent::Issue(const uds::PeerCredentials& peer,
                                       absl::string_view audience) {
  absl::StatusOr<std::string> id = RandomId();
  if (!id.ok()) return id.status();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (absl::Status may = config_.policy.Check(peer, audience); !may.ok()) return may;
  const absl::Time issued = absl::FromUnixSeconds(absl::ToUnixSeconds(now_()));
  const Claims claims = {.id = *std::move(id),
                         .audience = std::string(audience),
                         .uid = peer.uid,
                         .issued = issued,
                         .expires = issued + config_.lifetime};
  v1::Token token;
  token.set_token(keys_.Sign(claims));
  SetTime(claims.expires, token.mutable_expires());
  issued_.push_back(claims);
  if (issued_.size() > kMostRecorded) issued_.pop_front();
  return token;
}

absl::StatusOr<v1::VerifyReply> Agent::Verify(absl::string_view audience,
                                              absl::string_view token) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Claims> claims = keys_.Verify(token, now_());
  if (!claims.ok()) return claims.status();
  if (claims->audience != audience) {
    return absl::UnauthenticatedError(
        "the token is meant for another audience; ask its owner for one that is meant for you");
  }
  if (claims->expires <= now_()) {
    return absl::UnauthenticatedError("the token has expired; ask its owner for a new one");
  }
  v1::VerifyReply reply;
  reply.set_uid(claims->uid);
  reply.set_id(claims->id);
  SetTime(claims->expires, reply.mutable_expires());
  return reply;
}

v1::ListIssuedReply Agent::Issued() const {
  v1::ListIssuedReply reply;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Claims& claims : issued_) {
    v1::IssuedToken* const token = reply.add_issued();
    token->set_id(claims.id);
    token->set_audience(claims.audience);
    token->set_uid(claims.uid);
    SetTime(claims.issued, token->mutable_issued());
    SetTime(claims.expires, token->mutable_expires());
  }
  return reply;
}

}  // namespace tokens
