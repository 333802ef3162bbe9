// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "agent.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"

namespace tokens {
namespace {

constexpr std::size_t kMostRecorded = 1000;  // tokens that ListIssued tells of
constexpr std::size_t kMostOldSigners = 8;

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
    if (signer_ != nullptr) {
      result.key_changed = !signer_->HasKeyOf(**signer);
      result.needs_restart = config->public_socket != config_.public_socket ||
                             config->admin_socket != config_.admin_socket;
      if (result.key_changed) KeepOldSigner();
    }
    if (revoke_old) old_signers_.clear();
    config_ = *std::move(config);
    signer_ = *std::move(signer);
  }
  changed_.Send();
  return result;
}

void Agent::KeepOldSigner() {
  const absl::Time now = now_();
  std::erase_if(old_signers_, [now](const OldSigner& old) { return old.until <= now; });
  if (old_signers_.size() == kMostOldSigners) old_signers_.erase(old_signers_.begin());
  old_signers_.push_back({signer_, std::exchange(last_expiry_, absl::InfinitePast())});
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
  token.set_token(signer_->Sign(claims));
  SetTime(claims.expires, token.mutable_expires());
  last_expiry_ = std::max(last_expiry_, claims.expires);
  issued_.push_back(claims);
  if (issued_.size() > kMostRecorded) issued_.pop_front();
  return token;
}

// Claims of the key of now, or of one before that is still valid.
absl::StatusOr<Claims> Agent::Read(absl::string_view token) const {
  absl::StatusOr<Claims> claims = signer_->Verify(token);
  for (const OldSigner& old : old_signers_) {
    if (claims.ok()) break;
    if (old.until > now_()) claims = old.signer->Verify(token);
  }
  return claims;
}

absl::StatusOr<v1::VerifyReply> Agent::Verify(absl::string_view audience,
                                              absl::string_view token) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Claims> claims = Read(token);
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
