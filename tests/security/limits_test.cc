// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Limits that uids share: who has to make room, and for whom.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/integration/wire_test.h"
#include "tests/security/attack_test.h"
#include "tests/support/patience.h"

namespace udsecho::security {
namespace {

class SharedLimitsTest : public WireTest {
 protected:
  void SetUp() override {
    if (!support::MayBeOthers()) GTEST_SKIP() << support::kNeedsRoot;
  }

  RawPeer ConnectAs(uid_t uid) const {
    RawPeer peer(support::ConnectAs(uid, server().path()));
    EXPECT_TRUE(peer.Greet());
    return peer;
  }

  // So many connections of that uid, each with a call in flight. The server's call to itself may
  // have a place at first.
  std::vector<RawPeer> BusyOnes(std::size_t count, uid_t uid) const {
    std::vector<RawPeer> peers;
    for (const support::Deadline deadline; peers.size() < count && !deadline.IsOver();) {
      RawPeer peer = ConnectAs(uid);
      if (peer.Send(LongCall(1)) && IsAlive(&peer, 3)) peers.push_back(std::move(peer));
    }
    EXPECT_EQ(peers.size(), count);
    return peers;
  }
};

TEST_F(SharedLimitsTest, BusyConnectionIsNotEndedForANewcomer) {
  constexpr std::size_t kAll = 4;
  ServeAll({absl::StrCat("--max_connections=", kAll)});
  std::vector<RawPeer> busy = BusyOnes(kAll, kAttacker);
  RawPeer newcomer = ConnectAs(kSecondAttacker);
  ASSERT_TRUE(newcomer.Send(Call(1, kEcho, EchoRequest("x"))));
  EXPECT_EQ(newcomer.AwaitStatus(1), kResourceExhaustedStatus);
  for (RawPeer& peer : busy) {
    EXPECT_TRUE(IsAlive(&peer, 5));
    EXPECT_FALSE(peer.reply(1).ended);
  }
  // One that has become idle is, and no other.
  ASSERT_TRUE(busy[2].Send(ResetFrame(1)) && IsAlive(&busy[2], 7));
  bool served = false;
  for (const support::Deadline deadline; !served && !deadline.IsOver();) {
    RawPeer again = ConnectAs(kSecondAttacker);
    served = IsAlive(&again, 1);
  }
  EXPECT_TRUE(served);
  EXPECT_TRUE(busy[2].AwaitClosed());
  for (const std::size_t i : {0, 1, 3}) EXPECT_TRUE(IsAlive(&busy[i], 9)) << i;
}

// Over the limit of all a uid keeps its first few calls, and gets no more.
TEST_F(SharedLimitsTest, CallsOfAllAreLimited) {
  constexpr std::uint32_t kAll = 20;
  constexpr std::uint32_t kFew = 8;  // rpc/users.h
  ServeAll({absl::StrCat("--max_calls=", kAll), absl::StrCat("--max_calls_per_uid=", kAll)});
  RawPeer first = ConnectAs(kAttacker);
  RawPeer second = ConnectAs(kSecondAttacker);
  const auto take = [](RawPeer* peer, std::uint32_t calls) {
    std::string frames;
    for (std::uint32_t i = 0; i < calls; ++i) frames += LongCall(2 * i + 1);
    return peer->Send(frames);
  };
  constexpr std::uint32_t kOfFirst = kAll - kFew;
  ASSERT_TRUE(take(&first, kOfFirst));
  ASSERT_TRUE(IsAlive(&first, 2 * kOfFirst + 1));
  ASSERT_TRUE(take(&second, kFew));
  // Its own are there; one more of either is one too many.
  for (const auto& [peer, calls] : {std::pair(&second, kFew), std::pair(&first, kOfFirst + 1)}) {
    ASSERT_TRUE(peer->Send(LongCall(2 * calls + 1)));
    EXPECT_EQ(peer->AwaitStatus(2 * calls + 1), kResourceExhaustedStatus);
    for (std::uint32_t i = 0; i < kFew; ++i) EXPECT_FALSE(peer->reply(2 * i + 1).ended);
  }
  // A third uid, which has none, is served all the same, and up to the same few.
  RawPeer third = ConnectAs(kHonest);
  ASSERT_TRUE(take(&third, kFew + 1));
  EXPECT_EQ(third.AwaitStatus(2 * kFew + 1), kResourceExhaustedStatus);
  for (std::uint32_t i = 0; i < kFew; ++i) EXPECT_FALSE(third.reply(2 * i + 1).ended);
}

}  // namespace
}  // namespace udsecho::security
