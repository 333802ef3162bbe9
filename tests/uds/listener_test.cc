// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/listener.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"
#include "uds/connect.h"

namespace uds {
namespace {

using ::support::ChildProcess;
using ::support::Doorbell;
using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(60);  // never waited for

class ListenerTest : public testing::Test {
 protected:
  Listener Open() { return Listener::Open(AddressOf(path_)).value(); }

  support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
};

// One who waits in the backlog; invalid when nobody does.
UniqueFd AcceptOne(Listener& listener) {
  absl::StatusOr<std::optional<UniqueFd>> connection = listener.Accept();
  EXPECT_THAT(connection, IsOk());
  if (!connection.ok() || !connection->has_value()) return UniqueFd();
  return **std::move(connection);
}

TEST_F(ListenerTest, AcceptsNonBlockingAndCloseOnExec) {
  Listener listener = Open();
  EXPECT_EQ(listener.address().name(), path_);
  EXPECT_TRUE(fcntl(listener.fd(), F_GETFL) & O_NONBLOCK);
  EXPECT_EQ(fcntl(listener.fd(), F_GETFD), FD_CLOEXEC);

  absl::StatusOr<UniqueFd> client = Connect(AddressOf(path_), kLong);
  ASSERT_THAT(client, IsOk());
  pollfd polled = {listener.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&polled, 1, 0), 1);
  UniqueFd connection = AcceptOne(listener);
  ASSERT_TRUE(connection.valid());
  EXPECT_TRUE(fcntl(connection.get(), F_GETFL) & O_NONBLOCK);
  EXPECT_EQ(fcntl(connection.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_FALSE(AcceptOne(listener).valid());
}

TEST_F(ListenerTest, DefaultsToItsUserAlone) {
  Listener listener = Open();
  EXPECT_EQ(Stat(path_).st_mode, S_IFSOCK | 0600);
}

TEST_F(ListenerTest, TakesModeGroupAndBacklog) {
  absl::StatusOr<Listener> listener =
      Listener::Open(AddressOf(path_), {.mode = 0620, .group = getegid(), .backlog = 2});
  ASSERT_THAT(listener, IsOk());
  EXPECT_EQ(Stat(path_).st_mode, S_IFSOCK | 0620);
  EXPECT_EQ(Stat(path_).st_gid, getegid());
  std::vector<UniqueFd> clients;
  while ((clients.push_back(Dial(path_)), clients.back().valid())) {
  }
  EXPECT_EQ(clients.size(), 4u);  // Linux takes one more than asked; the last failed
}

TEST_F(ListenerTest, LeavesNothingBehindWhenItCannotOpen) {
  EXPECT_THAT(Listener::Open(AddressOf(path_), {.mode = 07777}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(Exists(path_));
  EXPECT_THAT(Listener::Open(AddressOf(path_)), IsOk());  // the lock is free
}

// What a program sees of our descriptors that is started while they are open.
std::string DescriptorsAcrossExec() {
  // NOLINTNEXTLINE(bugprone-command-processor): the shell is a program like another here
  std::FILE* pipe = popen("ls /proc/self/fd", "r");
  CheckThat(pipe != nullptr, "popen");
  std::string listing;
  std::array<char, 4096> buffer;
  while (const size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    listing.append(buffer.data(), size);
  }
  CheckThat(pclose(pipe) == 0, "pclose");
  return listing;
}

TEST_F(ListenerTest, NoDescriptorSurvivesExec) {
  const std::string before = DescriptorsAcrossExec();
  Listener listener = Open();
  absl::StatusOr<UniqueFd> client = Connect(AddressOf(path_), kLong);
  UniqueFd connection = AcceptOne(listener);
  ASSERT_TRUE(connection.valid());
  EXPECT_EQ(DescriptorsAcrossExec(), before);
  UniqueFd leaks(dup(connection.get()));
  EXPECT_NE(DescriptorsAcrossExec(), before);  // or the test could not fail
}

TEST_F(ListenerTest, SurvivesRunningOutOfDescriptors) {
  ChildProcess child([&](Doorbell&) {
    Listener listener = Open();
    std::vector<UniqueFd> clients;
    for (int i = 0; i < 3; ++i) clients.push_back(Dial(path_));
    const rlimit limit = {64, 64};
    CheckThat(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    std::vector<UniqueFd> fill;
    while ((fill.emplace_back(dup(listener.fd())), fill.back().valid())) {
    }
    std::vector<absl::Status> refusals;  // looked at later: the sanitizers need a descriptor too
    for (int i = 0; i < 10; ++i) refusals.push_back(listener.Accept().status());
    fill.clear();
    for (const absl::Status& refusal : refusals) {
      EXPECT_THAT(refusal, StatusIs(absl::StatusCode::kResourceExhausted,
                                    AllOf(HasSubstr(path_), HasSubstr("ulimit"))));
    }
    for (int i = 0; i < 3; ++i) {
      UniqueFd connection = AcceptOne(listener);
      EXPECT_EQ(write(connection.get(), "x", 1), 1);  // all three kept their place
    }
    EXPECT_FALSE(AcceptOne(listener).valid());
    return 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(ListenerTest, AcceptsThroughSignals) {
  ChildProcess child([&](Doorbell&) {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    CheckThat(sigaction(SIGALRM, &action, nullptr) == 0, "sigaction");
    const itimerval often = {{0, 100}, {0, 100}};
    CheckThat(setitimer(ITIMER_REAL, &often, nullptr) == 0, "setitimer");
    Listener listener = Open();
    for (int i = 0; i < 2000; ++i) {
      UniqueFd client = Dial(path_);
      EXPECT_TRUE(AcceptOne(listener).valid());
    }
    return testing::Test::HasFailure() ? 1 : 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(ListenerTest, StopAcceptingLosesNobodyWhoWaits) {
  Listener listener = Open();
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(Dial(path_));
  listener.StopAccepting();
  EXPECT_THAT(Connect(AddressOf(path_), kLong), StatusIs(absl::StatusCode::kUnavailable));

  for (UniqueFd& client : clients) {
    UniqueFd connection = AcceptOne(listener);
    ASSERT_EQ(write(connection.get(), "x", 1), 1);
    char byte = 0;
    EXPECT_EQ(read(client.get(), &byte, 1), 1);
  }
  EXPECT_FALSE(AcceptOne(listener).valid());
  EXPECT_FALSE(AcceptOne(listener).valid());
  listener.StopAccepting();  // twice is once
  EXPECT_TRUE(Exists(path_));
}

TEST_F(ListenerTest, StopAcceptingRefusesThoseWhoWaitForTheBacklog) {
  Listener listener = Listener::Open(AddressOf(path_), {.backlog = 0}).value();
  UniqueFd first = Dial(path_);
  ASSERT_TRUE(first.valid());
  absl::Status second;
  std::thread waiting([&] { second = Connect(AddressOf(path_), kLong).status(); });
  listener.StopAccepting();  // whether it waits by now or comes later
  EXPECT_TRUE(AcceptOne(listener).valid());
  waiting.join();
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(AcceptOne(listener).valid());
}

TEST_F(ListenerTest, ThePathStaysClaimedUntilRelease) {
  Listener listener = Open();
  listener.StopAccepting();
  listener.Close();
  EXPECT_EQ(listener.fd(), -1);
  EXPECT_THAT(listener.Accept(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Connect(AddressOf(path_), kLong), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Listener::Open(AddressOf(path_)),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(path_)));
  EXPECT_THAT(listener.CheckStillOurs(), IsOk());

  EXPECT_THAT(listener.Release(), IsOk());
  EXPECT_FALSE(Exists(path_));
  EXPECT_THAT(Listener::Open(AddressOf(path_)), IsOk());
  EXPECT_THAT(listener.Release(), IsOk());
}

TEST_F(ListenerTest, DestructionReleases) {
  { Listener listener = Open(); }
  EXPECT_FALSE(Exists(path_));
}

TEST_F(ListenerTest, TheOldServersEndLeavesASuccessorsSocket) {
  std::optional<Listener> old = Open();
  ASSERT_EQ(unlink(path_.c_str()), 0);
  EXPECT_THAT(old->CheckStillOurs(), StatusIs(absl::StatusCode::kNotFound));
  UniqueFd successor = Listening(path_);
  old.reset();
  EXPECT_TRUE(Dial(path_).valid());
}

TEST_F(ListenerTest, Moves) {
  Listener a = Open();
  Listener b = std::move(a);
  EXPECT_TRUE(Dial(path_).valid());
  EXPECT_TRUE(AcceptOne(b).valid());
  b = Listener::Open(AddressOf(dir_.Path("other"))).value();
  EXPECT_FALSE(Exists(path_));
  EXPECT_TRUE(Dial(dir_.Path("other")).valid());
}

TEST_F(ListenerTest, TheLongestPathWorksAndOneMoreIsRefused) {
  // Once with all the length in the name, once in the directory: there is no room for a private
  // name beside either.
  const std::string long_directory = dir_.Path(std::string(89, 'd'));
  ASSERT_EQ(mkdir(long_directory.c_str(), 0700), 0);
  for (const std::string& path : {dir_.Path(std::string(91, 'x')), long_directory + "/s"}) {
    ASSERT_EQ(path.size(), 107u);
    LeaveDeadSocket(path);
    {
      Listener listener = Listener::Open(AddressOf(path)).value();
      EXPECT_TRUE(Dial(path).valid());
      EXPECT_THAT(Listener::Open(AddressOf(path)), StatusIs(absl::StatusCode::kAlreadyExists));
    }
    EXPECT_FALSE(Exists(path));
    EXPECT_THAT(Address::Parse(path + "x"),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("107")));
  }
}

TEST_F(ListenerTest, RelativePathsOutliveAChangeOfDirectory) {
  for (const std::string& name : {std::string("s"), std::string(Address::kMaxLength, 'x')}) {
    ChildProcess child([&](Doorbell&) {
      CheckThat(chdir(dir_.path().c_str()) == 0, "chdir");
      LeaveDeadSocket(name);
      Listener listener = Listener::Open(AddressOf(name)).value();
      EXPECT_TRUE(Dial(name).valid());
      CheckThat(chdir("/") == 0, "chdir");
      EXPECT_THAT(listener.CheckStillOurs(), IsOk());
      EXPECT_THAT(listener.Release(), IsOk());
      return 0;
    });
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_FALSE(Exists(dir_.Path(name)));
  }
}

TEST_F(ListenerTest, AbstractNames) {
  const Address address = AddressOf(absl::StrCat("unix-abstract:", path_));
  {
    absl::StatusOr<Listener> listener = Listener::Open(address);
    ASSERT_THAT(listener, IsOk());
    EXPECT_THAT(Connect(address, kLong), IsOk());
    EXPECT_TRUE(AcceptOne(*listener).valid());
    EXPECT_THAT(Listener::Open(address),
                StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(address.ToString())));
    EXPECT_THAT(listener->CheckStillOurs(), IsOk());
    EXPECT_THAT(listener->Release(), IsOk());
    EXPECT_THAT(Listener::Open(address), IsOk());
  }
  EXPECT_FALSE(Exists(path_));
  EXPECT_FALSE(Exists(path_ + ".lock"));
}

}  // namespace
}  // namespace uds
