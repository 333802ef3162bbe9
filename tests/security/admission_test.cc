// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --allow goes by uid and groups as they were at connect(2), and by nothing else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/wire_test.h"
#include "tests/security/attack_test.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho::security {
namespace {

using ::testing::ElementsAre;

constexpr int kPermissionDenied = 7;
constexpr gid_t kGroup = 20100;
constexpr gid_t kOtherGroup = 20101;

class AdmissionTest : public WireTest {
 protected:
  void SetUp() override {
    if (!support::MayBeOthers()) GTEST_SKIP() << support::kNeedsRoot;
  }

  // The status of a call over a new connection.
  int StatusOf(uid_t uid, const std::vector<gid_t>& groups = {}) {
    RawPeer peer(support::ConnectAs(uid, server().path(), groups));
    EXPECT_TRUE(peer.Greet() && peer.Send(Call(1, kWhoAmI, "")));
    const int status = peer.AwaitStatus(1);
    who_.Clear();
    if (status == kOk) {
      EXPECT_TRUE(who_.ParseFromString(peer.reply(1).messages().at(0)));
    }
    return status;
  }

  v1::WhoAmIResponse who_;  // of the last call, if it was served
};

// All of these are this very process.
TEST_F(AdmissionTest, OneProcessIsWhoItIsEachTimeItConnects) {
  ServeAll({"--allow=uid:20001"});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(StatusOf(20001), kOk);
    EXPECT_EQ(who_.uid(), 20001U);
    EXPECT_EQ(StatusOf(20002), kPermissionDenied);
    EXPECT_EQ(StatusOf(20003), kPermissionDenied);
  }
}

// And a connection that is open stays what it was.
TEST_F(AdmissionTest, OpenConnectionsOfOneProcessAreApart) {
  ServeAll({"--allow=uid:20001"});
  RawPeer allowed(support::ConnectAs(20001, server().path()));
  RawPeer denied(support::ConnectAs(20002, server().path()));
  ASSERT_TRUE(allowed.Greet() && denied.Greet());
  for (const std::uint32_t stream : {1, 3, 5}) {
    ASSERT_TRUE(denied.Send(Call(stream, kEcho, EchoRequest("x"))));
    EXPECT_EQ(denied.AwaitStatus(stream), kPermissionDenied);
    EXPECT_TRUE(IsAlive(&allowed, stream));
  }
}

TEST_F(AdmissionTest, SupplementaryGroupsCount) {
  ServeAll({"--allow=gid:20100"});
  EXPECT_EQ(StatusOf(20001), kPermissionDenied);
  EXPECT_EQ(StatusOf(20001, {kOtherGroup}), kPermissionDenied);
  EXPECT_EQ(StatusOf(20001, {kOtherGroup, kGroup}), kOk);
  EXPECT_THAT(who_.groups(), ElementsAre(kGroup, kOtherGroup));  // the kernel sorts them
  EXPECT_EQ(StatusOf(20100), kOk);  // its primary group has the same number
}

TEST_F(AdmissionTest, WhoAmITellsSupplementaryGroups) {
  ServeAll();
  EXPECT_EQ(StatusOf(20001), kOk);
  EXPECT_THAT(who_.groups(), ElementsAre());
  EXPECT_EQ(StatusOf(20001, {7, kGroup}), kOk);
  EXPECT_THAT(who_.groups(), ElementsAre(7, kGroup));
  std::vector<gid_t> many;
  for (gid_t gid = 30'000; gid < 30'200; ++gid) many.push_back(gid);
  EXPECT_EQ(StatusOf(20001, many), kOk);
  EXPECT_THAT(who_.groups(), ::testing::ElementsAreArray(many));
  EXPECT_EQ(who_.uid(), 20001U);
  EXPECT_EQ(who_.gid(), 20001U);
}

}  // namespace
}  // namespace udsecho::security
