// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the services share: the rules and keys of the moment, and what was issued.
//
//   tokens::Agent agent("/etc/tokens/agent.json");
//   if (const auto loaded = agent.Reload(); !loaded.ok()) return Fail(loaded.status());
//   absl::StatusOr<v1::Token> token = agent.Issue(call.peer(), "db");
//
// Reload() makes everything new before it changes anything, so that a configuration with a mistake
// changes nothing. Calls in flight go on; Watch() hears of it by changed().
//
// Thread safety: any thread. Reload() blocks, for a file and for deriving a key: call it on a pool.
// Ownership: outlives the services.

#ifndef TOKENS_AGENT_H_
#define TOKENS_AGENT_H_

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "admin.pb.h"
#include "claims.h"
#include "config.h"
#include "key_ring.h"
#include "rpc/call/broadcast.h"
#include "tokens.pb.h"
#include "uds/peer_credentials.h"

namespace tokens {

class Agent {
 public:
  // `now` is the wall clock, which tests set.
  explicit Agent(std::string config_path, std::function<absl::Time()> now = absl::Now)
      : config_path_(std::move(config_path)), now_(std::move(now)) {}

  struct Reloaded {
    bool key_changed = false;
    bool needs_restart = false;  // the paths of the sockets have changed
  };
  // Reads the configuration and the key. Tokens of the key before are valid until they expire, unless
  // `revoke_old`. What was wrong otherwise: then nothing has changed.
  absl::StatusOr<Reloaded> Reload(bool revoke_old = false);

  // Sent after each Reload() that went well.
  rpc::Broadcast& changed() { return changed_; }

  // After the first Reload().
  Config config() const;
  absl::StatusOr<v1::Token> Issue(const uds::PeerCredentials& peer, absl::string_view audience);
  absl::StatusOr<v1::VerifyReply> Verify(absl::string_view audience, absl::string_view token) const;
  v1::ListIssuedReply Issued() const;

 private:
  const std::string config_path_;
  const std::function<absl::Time()> now_;
  rpc::Broadcast changed_;
  std::mutex reloading_;  // one at a time, so that what was read last is what holds

  mutable std::mutex mutex_;  // guards all below
  Config config_;
  bool loaded_ = false;
  KeyRing keys_;
  std::deque<Claims> issued_;
};

}  // namespace tokens

#endif  // TOKENS_AGENT_H_
