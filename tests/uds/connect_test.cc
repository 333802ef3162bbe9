// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/connect.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"

namespace uds {
namespace {

using ::support::ChildProcess;
using ::support::Doorbell;
using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(60);  // never waited for
constexpr int kMayNot = 77;

class ConnectTest : public testing::Test {
 protected:
  // A server whose backlog has no room left.
  void FillBacklog() {
    server_ = Listening(path_, 0);
    for (;;) {
      UniqueFd client = Dial(path_);
      if (!client.valid()) break;
      clients_.push_back(std::move(client));
    }
    ASSERT_EQ(errno, EAGAIN);
  }

  support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  UniqueFd server_;
  std::vector<UniqueFd> clients_;
};

TEST_F(ConnectTest, GivesANonBlockingCloseOnExecDescriptor) {
  server_ = Listening(path_);
  absl::StatusOr<UniqueFd> fd = Connect(AddressOf(path_), kLong);
  ASSERT_THAT(fd, IsOk());
  EXPECT_EQ(fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
  EXPECT_TRUE(fcntl(fd->get(), F_GETFL) & O_NONBLOCK);

  UniqueFd accepted(accept4(server_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_EQ(write(fd->get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(read(accepted.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST_F(ConnectTest, WaitsForeverWhenAskedTo) {
  server_ = Listening(path_);
  EXPECT_THAT(Connect(AddressOf(path_), absl::InfiniteDuration()), IsOk());
}

TEST_F(ConnectTest, ReachesAbstractNames) {
  const std::string name = absl::StrCat("unix-abstract:", dir_.path());
  EXPECT_THAT(Connect(AddressOf(name), kLong),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(name)));
  server_ = Listening(name);
  EXPECT_THAT(Connect(AddressOf(name), kLong), IsOk());
}

TEST_F(ConnectTest, SaysThatNothingIsThere) {
  EXPECT_THAT(Connect(AddressOf(path_), kLong),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
  EXPECT_THAT(Connect(AddressOf(dir_.Path("no/s")), kLong), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ConnectTest, SaysThatNobodyListens) {
  LeaveDeadSocket(path_);
  EXPECT_THAT(
      Connect(AddressOf(path_), kLong),
      StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr(path_), HasSubstr("refused"))));
}

TEST_F(ConnectTest, SaysThatItIsNoSocket) {
  std::ofstream(path_) << "x";
  EXPECT_THAT(Connect(AddressOf(path_), kLong),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("a regular file")));
  EXPECT_THAT(Connect(AddressOf(dir_.path()), kLong),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("a directory")));
  UniqueFd datagram = Bound(dir_.Path("d"), SOCK_DGRAM);
  EXPECT_THAT(Connect(AddressOf(dir_.Path("d")), kLong),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("stream")));
}

TEST_F(ConnectTest, SaysWhoMayNot) {
  server_ = Listening(path_);
  ASSERT_EQ(chmod(path_.c_str(), 0), 0);
  ChildProcess child([&](Doorbell&) {
    // Modes hold for root too, without its capabilities.
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2] = {};
    CheckThat(syscall(SYS_capset, &header, none) == 0, "capset");
    const std::string owner = absl::StrCat("0000 and owned by uid ", geteuid());
    const std::string you = absl::StrCat("you are uid ", geteuid());
    EXPECT_THAT(Connect(AddressOf(path_), kLong),
                StatusIs(absl::StatusCode::kPermissionDenied,
                         AllOf(HasSubstr(path_), HasSubstr(owner), HasSubstr(you))));
    CheckThat(chmod(dir_.path().c_str(), 0) == 0, "chmod");
    EXPECT_THAT(Connect(AddressOf(path_), kLong),
                StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("directory")));
    CheckThat(chmod(dir_.path().c_str(), 0700) == 0, "chmod");
    return 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(ConnectTest, SaysWhoOwnsAnotherUsersSocket) {
  server_ = Listening(path_);
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
  ChildProcess child([&](Doorbell&) {
    const uid_t owner = geteuid();
    if (!support::BecomeUser(1000)) return kMayNot;
    EXPECT_THAT(Connect(AddressOf(path_), kLong),
                StatusIs(absl::StatusCode::kPermissionDenied,
                         HasSubstr(absl::StrCat("permission denied: the socket is 0600 and owned "
                                                "by uid ",
                                                owner, "; you are uid 1000"))));
    return 0;
  });
  const int code = child.Wait();
  if (code == kMayNot) GTEST_SKIP() << "needs root, to become another user";
  EXPECT_EQ(code, 0);
}

TEST_F(ConnectTest, IsBoundedWhenTheBacklogIsFull) {
  FillBacklog();
  const absl::Time start = absl::Now();
  EXPECT_THAT(Connect(AddressOf(path_), absl::Milliseconds(50)),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       AllOf(HasSubstr(path_), HasSubstr("50ms"), HasSubstr("backlog"))));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(45));
  EXPECT_THAT(Connect(AddressOf(path_), absl::ZeroDuration()),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(Connect(AddressOf(path_), -kLong), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_LT(absl::Now() - start, kLong / 2);
}

TEST_F(ConnectTest, IsNeitherCutNorStretchedBySignals) {
  FillBacklog();
  ChildProcess child([&](Doorbell&) {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    CheckThat(sigaction(SIGALRM, &action, nullptr) == 0, "sigaction");
    const itimerval often = {{0, 7000}, {0, 7000}};
    CheckThat(setitimer(ITIMER_REAL, &often, nullptr) == 0, "setitimer");
    const absl::Time start = absl::Now();
    EXPECT_THAT(Connect(AddressOf(path_), absl::Milliseconds(100)),
                StatusIs(absl::StatusCode::kDeadlineExceeded));
    EXPECT_GE(absl::Now() - start, absl::Milliseconds(90));
    EXPECT_LT(absl::Now() - start, absl::Seconds(30));
    return 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

}  // namespace
}  // namespace uds
