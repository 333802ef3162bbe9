// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server under attack, and what must hold of it whatever the attack is: a client of another uid
// loses no answer, memory stays under --max_memory and 16 MiB, descriptors come back, and the
// server ends cleanly.
//
//   class FloodTest : public AttackTest {};
//   TEST_F(FloodTest, PingsCostOthersNothing) {
//     Serve();
//     RawPeer attacker = Attacker();
//     While([&] { attacker.SendWhatFits(PingFrame(1)); });   // until the honest client had its answers
//   }                                                   // all else is looked at by Settle()
//
// Skipped when this process cannot be several users.

#ifndef TESTS_SECURITY_ATTACK_TEST_H_
#define TESTS_SECURITY_ATTACK_TEST_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/server_process.h"
#include "tests/security/honest_client.h"
#include "tests/security/process_usage.h"
#include "tests/security/raw_peer.h"
#include "tests/support/other_user.h"

namespace udsecho::security {

// Uids that are nobody's on a usual machine.
inline constexpr uid_t kHonest = 20001;
inline constexpr uid_t kAttacker = 20002;
inline constexpr uid_t kSecondAttacker = 20003;

std::string Times(int count, const std::string& bytes);

class AttackTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kMiB = 1 << 20;
  static constexpr std::int64_t kMaxMemory = 64 * kMiB;
  static constexpr std::int64_t kAllowance = 16 * kMiB;  // above --max_memory
  // Of the honest client's connections, which come and go.
  static constexpr int kKeptDescriptors = 4;
  static constexpr int kKeptThreads = 0;
  static constexpr int kTimeoutSeconds = 3;  // --handshake_timeout, --send_timeout

  void SetUp() override;
  void TearDown() override;

  // Starts the server with those flags and these, which win, and starts the honest client.
  void Serve(const std::vector<std::string>& flags = {});

  // What must hold at the end; done once. The attackers should have closed, or have been closed.
  void Settle();

  // A connection of an attacker's.
  RawPeer Connect(uid_t uid = kAttacker) const { return RawPeer(support::ConnectAs(uid, path())); }
  // And the beginning of HTTP/2 on it.
  RawPeer Attacker(uid_t uid = kAttacker) const;
  std::vector<RawPeer> Attackers(int count, uid_t uid = kAttacker) const;

  // Attacks again and again until the honest client has had `answers` more, and at least once.
  void While(const std::function<void()>& attack, int answers = 20);

  // `count` attackers send these bytes as fast as the server takes them, and read nothing. One that
  // has sent all or was closed connects again, from the start.
  void Flood(int count, const std::string& bytes);

  // A call that stays in flight for ten minutes, seen by its handler when this returns.
  static void BeginLongCall(RawPeer* peer);

  // Attackers send these bytes, once, as fast as the server takes them, and read nothing.
  void SendAll(std::vector<RawPeer>* attackers, const std::string& bytes);

  // Until it holds of the server's usage; fails if that does not come.
  void AwaitUsage(const std::function<bool(const Usage&)>& holds, const std::string& what) const;
  void AwaitDescriptorsOfRest() const;

  Usage Now() const { return UsageOf(server().pid()); }
  const Usage& at_rest() const { return at_rest_; }
  integration::ServerProcess& server() const { return *server_; }
  const std::string& path() const { return server_->path(); }
  HonestClient& honest() const { return *honest_; }

 private:
  std::unique_ptr<integration::ServerProcess> server_;
  std::unique_ptr<HonestClient> honest_;
  Usage at_rest_;
  bool settled_ = false;
};

}  // namespace udsecho::security

#endif  // TESTS_SECURITY_ATTACK_TEST_H_
