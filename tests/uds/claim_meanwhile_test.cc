// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What others do to a path while it is claimed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/support/status_matchers.h"
#include "tests/uds/claim_bed.h"
#include "tests/uds/raw_socket.h"
#include "uds/claim.h"

namespace uds {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::HasSubstr;

using ClaimMeanwhileTest = ClaimBed;

TEST_F(ClaimMeanwhileTest, LeavesASuccessorsSocket) {
  absl::StatusOr<std::pair<Claim, UniqueFd>> server = Serve();
  ASSERT_THAT(server, IsOk());
  ASSERT_EQ(unlink(path_.c_str()), 0);
  UniqueFd successor = Listening(path_);
  EXPECT_THAT(server->first.CheckStillOurs(), StatusIs(kRefused, HasSubstr("replaced")));
  EXPECT_THAT(server->first.Release(), StatusIs(kRefused, HasSubstr(path_)));
  EXPECT_TRUE(IsServedBy(successor));
}

TEST_F(ClaimMeanwhileTest, NoticesThatThePathIsGone) {
  absl::StatusOr<std::pair<Claim, UniqueFd>> server = Serve();
  ASSERT_THAT(server, IsOk());
  ASSERT_EQ(unlink(path_.c_str()), 0);
  EXPECT_THAT(server->first.CheckStillOurs(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
  EXPECT_THAT(server->first.Release(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Serve(), IsOk());
}

TEST_F(ClaimMeanwhileTest, GivesWayToOneWhoTookThePathMeanwhile) {
  for (const bool was_free : {true, false}) {
    if (!was_free) LeaveDeadSocket(path_);
    absl::StatusOr<Claim> claim = Take();
    ASSERT_THAT(claim, IsOk());
    unlink(path_.c_str());
    UniqueFd other = Listening(path_);
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_THAT(claim->Bind(fd.get(), {}), StatusIs(kInUse, HasSubstr(path_)));
    EXPECT_THAT(claim->Release(), IsOk());
    EXPECT_TRUE(IsServedBy(other));
    EXPECT_FALSE(Exists(aside_path_));
    unlink(path_.c_str());
  }
}

TEST_F(ClaimMeanwhileTest, LeavesAFileThatCameMeanwhile) {
  absl::StatusOr<Claim> claim = Take();
  ASSERT_THAT(claim, IsOk());
  std::ofstream(path_) << "precious";
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_THAT(claim->Bind(fd.get(), {}), StatusIs(kRefused, HasSubstr("a regular file")));
  EXPECT_THAT(claim->Release(), IsOk());
  EXPECT_EQ(Stat(path_).st_size, 8);
}

TEST_F(ClaimMeanwhileTest, BindsWhereTheDeadSocketWasRemovedMeanwhile) {
  LeaveDeadSocket(path_);
  absl::StatusOr<Claim> claim = Take();
  ASSERT_THAT(claim, IsOk());
  ASSERT_EQ(unlink(path_.c_str()), 0);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_THAT(claim->Bind(fd.get(), {}), IsOk());
  CheckThat(listen(fd.get(), 16) == 0, "listen");
  EXPECT_TRUE(IsServedBy(fd));
}

TEST_F(ClaimMeanwhileTest, CleansUpInItsDirectoryWhereverThatGoes) {
  const std::string before = dir_.Path("before");
  const std::string after = dir_.Path("after");
  ASSERT_EQ(mkdir(before.c_str(), 0700), 0);
  absl::StatusOr<Claim> claim = Claim::Take(AddressOf(before + "/s"));
  ASSERT_THAT(claim, IsOk());
  ASSERT_EQ(rename(before.c_str(), after.c_str()), 0);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_THAT(claim->Bind(fd.get(), {}), IsOk());
  EXPECT_TRUE(Exists(after + "/s"));
  EXPECT_THAT(claim->CheckStillOurs(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(claim->Release(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(Exists(after + "/s"));
}

}  // namespace
}  // namespace uds
