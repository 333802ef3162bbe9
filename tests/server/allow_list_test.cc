// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/allow_list.h"

#include <grp.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace udsecho {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uid_t kStranger = 54321;

uds::PeerCredentials Peer(uid_t uid, gid_t gid = 54321, std::vector<gid_t> groups = {}) {
  return {uid, gid, std::move(groups), std::nullopt};
}

AllowList Allowing(const std::string& entries) {
  AllowList list;
  EXPECT_THAT(list.Add(entries), IsOk());
  return list;
}

TEST(AllowListTest, AnEmptyOneLetsInAll) {
  EXPECT_TRUE(AllowList().empty());
  EXPECT_THAT(AllowList().Check(Peer(kStranger)), IsOk());
}

TEST(AllowListTest, LetsInWhomItNamesAndNobodyElse) {
  const AllowList list = Allowing("uid:1001,gid:2001");
  EXPECT_FALSE(list.empty());
  EXPECT_THAT(list.Check(Peer(1001)), IsOk());
  EXPECT_THAT(list.Check(Peer(kStranger, 2001)), IsOk());
  EXPECT_THAT(list.Check(Peer(kStranger, 7, {8, 2001, 9})), IsOk());
  EXPECT_THAT(list.Check(Peer(kStranger)), StatusIs(absl::StatusCode::kPermissionDenied));
  // A uid is no gid.
  EXPECT_THAT(list.Check(Peer(2001)), Not(IsOk()));
  EXPECT_THAT(list.Check(Peer(kStranger, 1001, {1001})), Not(IsOk()));
}

TEST(AllowListTest, AddsUp) {
  AllowList list = Allowing("uid:1001");
  EXPECT_THAT(list.Add("uid:1002"), IsOk());
  EXPECT_THAT(list.Check(Peer(1001)), IsOk());
  EXPECT_THAT(list.Check(Peer(1002)), IsOk());
}

TEST(AllowListTest, AlwaysLetsInItsOwnUserAndRoot) {
  const AllowList list = Allowing("uid:1001");
  EXPECT_THAT(list.Check(Peer(geteuid())), IsOk());
  EXPECT_THAT(list.Check(Peer(0)), IsOk());
}

TEST(AllowListTest, LooksNamesUp) {
  const AllowList list = Allowing("user:daemon,gid:mail");
  EXPECT_THAT(list.Check(Peer(1)), IsOk());  // Debian's daemon has uid 1, mail gid 8, everywhere
  EXPECT_THAT(list.Check(Peer(kStranger, 8)), IsOk());
  EXPECT_THAT(list.Check(Peer(8)), Not(IsOk()));
}

TEST(AllowListTest, WhoIsDeniedLearnsWhyAndNotWhoElseMay) {
  const absl::Status denied = Allowing("uid:1001,gid:2001,user:daemon").Check(Peer(kStranger));
  EXPECT_THAT(denied.message(), HasSubstr("54321"));
  EXPECT_THAT(denied.message(),
              AllOf(Not(HasSubstr("1001")), Not(HasSubstr("2001")), Not(HasSubstr("daemon"))));
}

TEST(AllowListTest, RefusesWhatNamesNobody) {
  for (const char* entry : {"", "1001", "ann", "uid:", "uid:ann", "uid:-1", "uid:4294967295",
                            "uid:4294967296", "uid:65534", "gid:65534", "gid:4294967295",
                            "user:nobody", "gid:nogroup", "uid: 1", "pid:1", "UID:1"}) {
    AllowList list;
    const absl::Status status = list.Add(entry);
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(entry))) << entry;
    EXPECT_TRUE(list.empty()) << entry;
  }
  for (const char* entries : {",", "uid:1,", ",uid:1", "uid:1,,uid:2"}) {
    EXPECT_THAT(AllowList().Add(entries), Not(IsOk())) << entries;
  }
}

TEST(AllowListTest, SaysWhichNameIsUnknown) {
  AllowList list;
  EXPECT_THAT(list.Add("user:no-such-user"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no-such-user")));
  EXPECT_THAT(list.Add("gid:no-such-group"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no-such-group")));
}

}  // namespace
}  // namespace udsecho
