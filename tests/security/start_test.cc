// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Floods that come to a server that has only just started, has little memory, and has nothing else
// to do.

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "tests/integration/wire_test.h"
#include "tests/security/attack_test.h"
#include "tests/support/patience.h"

namespace udsecho::security {
namespace {

constexpr int kConnections = 8;
constexpr uid_t kFirst = 20'010;
constexpr uid_t kLast = 20'029;

// Of the attack: meanwhile the timers of the server's that are due find nobody connected.
constexpr std::chrono::milliseconds kPause(40);

class StartTest : public WireTest {
 protected:
  void SetUp() override {
    if (!support::MayBeOthers()) GTEST_SKIP() << support::kNeedsRoot;
  }

  // Connections of that uid that have sent as much of these bytes as their sockets hold.
  std::vector<RawPeer> Full(uid_t uid, const std::string& bytes) const {
    std::vector<RawPeer> peers;
    for (int i = 0; i < kConnections; ++i) {
      peers.emplace_back(support::ConnectAs(uid, server().path()));
      EXPECT_TRUE(peers.back().connected()) << "the server has gone";
      peers.back().SendWhatFits(bytes);
    }
    return peers;
  }
};

// Each finds the server where it has just ended all connections of the one before, and what these
// took is still being freed: as soon as a connection is accepted there is too much in its socket.
TEST_F(StartTest, OneFloodAfterTheOtherToAnIdleServer) {
  ServeAll({"--max_memory=16MiB", "--max_message=1MiB"});
  const std::string hello = std::string(kPreface) + SettingsFrame({});
  const std::string pings = Times(100'000, PingFrame(1));
  for (uid_t uid = kFirst; uid <= kLast && !HasFailure(); ++uid) {
    server().Signal(SIGSTOP);
    std::vector<RawPeer> peers = Full(uid, hello + pings);
    std::this_thread::sleep_for(kPause);
    server().Signal(SIGCONT);
    const support::Deadline deadline;
    while (!peers.front().IsClosed() && !deadline.IsOver()) {
      for (RawPeer& peer : peers) peer.Push(pings);
    }
    EXPECT_FALSE(deadline.IsOver()) << "a flood of PINGs that goes on";
  }
  RawPeer honest(support::ConnectAs(kHonest, server().path()));
  EXPECT_TRUE(honest.Greet() && IsAlive(&honest, 1));
}

}  // namespace
}  // namespace udsecho::security
