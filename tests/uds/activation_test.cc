// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Each test is a child process: activation is about a process's own environment and descriptor 3.

#include "uds/activation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"
#include "uds/listener.h"

namespace uds {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START

// As a service manager starts a process: with these descriptors from 3 on.
void HandInAll(std::vector<UniqueFd> fds, const char* names = nullptr) {
  // First out of the way, as one of them may be 3.
  for (UniqueFd& fd : fds) fd = UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 100));
  int next = kFirst;
  for (const UniqueFd& fd : fds) {
    ASSERT_EQ(dup2(fd.get(), next), next);
    ++next;
  }
  setenv("LISTEN_FDS", absl::StrCat(fds.size()).c_str(), 1);
  setenv("LISTEN_PID", absl::StrCat(getpid()).c_str(), 1);
  if (names != nullptr) setenv("LISTEN_FDNAMES", names, 1);
}

// With `count` descriptors, all of them `fd`.
void HandIn(UniqueFd fd, int count = 1) {
  const int spare = fcntl(fd.get(), F_DUPFD_CLOEXEC, 100);
  fd.reset();  // which may have been one of them
  for (int i = 0; i < count; ++i) ASSERT_EQ(dup2(spare, kFirst + i), kFirst + i);
  setenv("LISTEN_FDS", absl::StrCat(count).c_str(), 1);
  setenv("LISTEN_PID", absl::StrCat(getpid()).c_str(), 1);
}

// `body` runs in a child whose descriptors may be overwritten.
void InChild(const std::function<void()>& body) {
  support::ChildProcess child([&body](support::Doorbell& /*parent*/) {
    body();
    return 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

class ActivationTest : public ::testing::Test {
 protected:
  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
};

TEST_F(ActivationTest, NothingIsHandedIn) {
  InChild([] {
    unsetenv("LISTEN_FDS");
    const auto taken = TakeActivatedSocket();
    ASSERT_THAT(taken, IsOk());
    EXPECT_FALSE(taken->has_value());
  });
}

TEST_F(ActivationTest, TakesTheSocketAsItShouldBe) {
  InChild([this] {
    HandIn(Listening(path_));
    const auto taken = TakeActivatedSocket();
    ASSERT_THAT(taken, IsOk());
    ASSERT_TRUE(taken->has_value());
    EXPECT_EQ((*taken)->fd.get(), kFirst);
    EXPECT_NE(fcntl(kFirst, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(fcntl(kFirst, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ((*taken)->address.name(), path_);
    EXPECT_EQ(getenv("LISTEN_FDS"), nullptr);
    EXPECT_EQ(getenv("LISTEN_PID"), nullptr);
  });
}

TEST_F(ActivationTest, TakesAnAbstractName) {
  InChild([&] {
    const Address address = AddressOf(absl::StrCat("unix-abstract:", path_));
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(bind(fd.get(), address.socket_address(), address.socket_address_length()), 0);
    ASSERT_EQ(listen(fd.get(), 1), 0);
    HandIn(std::move(fd));
    const auto taken = TakeActivatedSocket();
    ASSERT_THAT(taken, IsOk());
    EXPECT_TRUE((*taken)->address.is_abstract());
    EXPECT_EQ((*taken)->address.name(), address.name());
  });
}

TEST_F(ActivationTest, RefusesWhatIsNoListeningUnixStreamSocket) {
  const auto refuses = [](UniqueFd fd) {
    HandIn(std::move(fd));
    EXPECT_THAT(TakeActivatedSocket(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ListenStream=")));
  };
  InChild([&] { refuses(Bound(path_)); });  // bound, and not listening
  InChild([&] { refuses(Bound(dir_.Path("d"), SOCK_DGRAM)); });
  InChild([&] { refuses(UniqueFd(open("/dev/null", O_RDWR))); });
  InChild([&] {
    UniqueFd tcp(socket(AF_INET, SOCK_STREAM, 0));
    listen(tcp.get(), 1);
    refuses(std::move(tcp));
  });
  InChild([&] {
    const UniqueFd server = Listening(dir_.Path("c"));
    refuses(Dial(dir_.Path("c")));  // connected, as with Accept=yes
  });
}

TEST_F(ActivationTest, RefusesSeveral) {
  InChild([this] {
    HandIn(Listening(path_), 2);
    EXPECT_THAT(TakeActivatedSocket(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2 sockets")));
  });
}

// As sd_listen_fds(3): a parent leaves its variables behind.
TEST_F(ActivationTest, WhatIsForAnotherProcessIsNotThere) {
  InChild([this] {
    HandIn(Listening(path_));
    const auto expect_none = [] {
      const auto taken = TakeActivatedSocket();
      ASSERT_THAT(taken, IsOk());
      EXPECT_FALSE(taken->has_value());
    };
    for (const char* pid : {"1", "", "x", "-1"}) {
      setenv("LISTEN_PID", pid, 1);
      expect_none();
    }
    unsetenv("LISTEN_PID");
    expect_none();
    EXPECT_GE(fcntl(kFirst, F_GETFD), 0);  // and it is left alone
  });
}

TEST_F(ActivationTest, NoneAreNone) {
  InChild([] {
    setenv("LISTEN_PID", absl::StrCat(getpid()).c_str(), 1);
    for (const char* count : {"0", ""}) {
      setenv("LISTEN_FDS", count, 1);
      setenv("LISTEN_PID", absl::StrCat(getpid()).c_str(), 1);
      const auto taken = TakeActivatedSocket();
      ASSERT_THAT(taken, IsOk()) << count;
      EXPECT_FALSE(taken->has_value()) << count;
    }
  });
}

TEST_F(ActivationTest, RefusesNonsense) {
  InChild([] {
    for (const char* count : {"x", "-1", "1000000"}) {
      setenv("LISTEN_PID", absl::StrCat(getpid()).c_str(), 1);
      setenv("LISTEN_FDS", count, 1);
      EXPECT_FALSE(TakeActivatedSocket().ok()) << count;
    }
  });
}

class ActivatedSocketsTest : public ActivationTest {
 protected:
  // "one" and "two" in paths of these names.
  void HandInTwo(const char* names = "one:two") {
    std::vector<UniqueFd> fds;
    fds.push_back(Listening(dir_.Path("one")));
    fds.push_back(Listening(dir_.Path("two")));
    HandInAll(std::move(fds), names);
  }
};

TEST_F(ActivatedSocketsTest, TakesThemByName) {
  InChild([this] {
    HandInTwo();
    auto given = ActivatedSockets::Take();
    ASSERT_THAT(given, IsOk());
    EXPECT_FALSE(given->empty());
    EXPECT_FALSE(given->TakeNamed("three").has_value());
    const auto two = given->TakeNamed("two");
    ASSERT_TRUE(two.has_value());
    EXPECT_EQ(two->name, "two");
    EXPECT_EQ(two->address.name(), dir_.Path("two"));
    EXPECT_NE(fcntl(two->fd.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(fcntl(two->fd.get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_FALSE(given->TakeNamed("two").has_value());
    EXPECT_EQ(given->TakeNamed("one")->address.name(), dir_.Path("one"));
    EXPECT_TRUE(given->empty());
    EXPECT_THAT(given->CheckNoneIsLeft(), IsOk());
    for (const char* variable : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) {
      EXPECT_EQ(getenv(variable), nullptr) << variable;
    }
  });
}

TEST_F(ActivatedSocketsTest, TakesThemByAddress) {
  InChild([this] {
    HandInTwo(nullptr);
    auto given = ActivatedSockets::Take();
    ASSERT_THAT(given, IsOk());
    EXPECT_FALSE(given->TakeAt(AddressOf(dir_.Path("three"))).has_value());
    EXPECT_FALSE(given->TakeAt(AddressOf("unix-abstract:" + dir_.Path("two"))).has_value());
    const auto two = given->TakeAt(AddressOf(dir_.path() + "/./two"));
    ASSERT_TRUE(two.has_value());
    EXPECT_EQ(two->address.name(), dir_.Path("two"));
    EXPECT_EQ(two->name, "unknown");
    EXPECT_FALSE(given->empty());
  });
}

// As those of a unit with two ListenStream=.
TEST_F(ActivatedSocketsTest, TakesThoseOfOneNameInTheirOrder) {
  InChild([this] {
    HandInTwo("a.socket:a.socket");
    auto given = ActivatedSockets::Take();
    ASSERT_THAT(given, IsOk());
    EXPECT_EQ(given->TakeNamed("a.socket")->address.name(), dir_.Path("one"));
    EXPECT_EQ(given->TakeNamed("a.socket")->address.name(), dir_.Path("two"));
    EXPECT_FALSE(given->TakeNamed("a.socket").has_value());
  });
}

TEST_F(ActivatedSocketsTest, SaysWhatIsLeft) {
  InChild([this] {
    HandInTwo();
    {
      auto given = ActivatedSockets::Take();
      ASSERT_THAT(given, IsOk());
      EXPECT_TRUE(given->TakeNamed("one").has_value());
      EXPECT_THAT(given->CheckNoneIsLeft(),
                  StatusIs(absl::StatusCode::kInvalidArgument,
                           AllOf(HasSubstr("'two'"), HasSubstr(dir_.Path("two")),
                                 Not(HasSubstr(dir_.Path("one"))))));
    }
    EXPECT_LT(fcntl(kFirst + 1, F_GETFD), 0);  // closed, so that clients are refused
  });
}

TEST_F(ActivatedSocketsTest, RefusesNamesThatAreNotOneForEach) {
  for (const char* names : {"one", "one:two:three", ""}) {
    InChild([&] {
      HandInTwo(names);
      EXPECT_THAT(ActivatedSockets::Take(),
                  StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("LISTEN_FDNAMES")));
    });
    unlink(dir_.Path("one").c_str());
    unlink(dir_.Path("two").c_str());
  }
}

TEST_F(ActivatedSocketsTest, RefusesThemAllIfOneIsNoListeningSocket) {
  InChild([this] {
    std::vector<UniqueFd> fds;
    fds.push_back(Listening(path_));
    fds.emplace_back(open("/dev/null", O_RDWR));
    HandInAll(std::move(fds));
    EXPECT_THAT(ActivatedSockets::Take(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ListenStream=")));
  });
}

TEST_F(ActivatedSocketsTest, IsEmptyWithoutActivation) {
  InChild([this] {
    HandInTwo();
    setenv("LISTEN_PID", "1", 1);
    const auto given = ActivatedSockets::Take();
    ASSERT_THAT(given, IsOk());
    EXPECT_TRUE(given->empty());
    EXPECT_THAT(given->CheckNoneIsLeft(), IsOk());
  });
}

// A server with one socket does not ask for a name, whatever the unit says.
TEST_F(ActivationTest, NamesDoNotMatterToAServerWithOneSocket) {
  for (const char* names : {"one", "", "one:two"}) {
    InChild([&] {
      HandIn(Listening(path_));
      setenv("LISTEN_FDNAMES", names, 1);
      const auto taken = TakeActivatedSocket();
      ASSERT_THAT(taken, IsOk());
      EXPECT_TRUE(taken->has_value());
      EXPECT_EQ(getenv("LISTEN_FDNAMES"), nullptr);
    });
    unlink(path_.c_str());
  }
}

TEST_F(ActivationTest, TwoNamesOfOneSocketAreTheSame) {
  const UniqueFd server = Listening(path_);
  const UniqueFd other = Listening(dir_.Path("other"));
  EXPECT_THAT(CheckSameAddress(AddressOf(path_), AddressOf("unix://" + path_)), IsOk());
  EXPECT_THAT(CheckSameAddress(AddressOf(path_), AddressOf(dir_.path() + "/./s")), IsOk());
  EXPECT_THAT(CheckSameAddress(AddressOf(path_), AddressOf(dir_.Path("other"))),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(path_), HasSubstr(dir_.Path("other")))));
  EXPECT_FALSE(CheckSameAddress(AddressOf(path_), AddressOf(dir_.Path("missing"))).ok());
  EXPECT_FALSE(CheckSameAddress(AddressOf("unix-abstract:a"), AddressOf("./a")).ok());
}

// What the one leaves is there for the next: nobody is refused in between, and the path stays.
TEST_F(ActivationTest, AListenerOfItNeitherShutsItDownNorRemovesThePath) {
  const UniqueFd managers = Listening(path_);
  fcntl(managers.get(), F_SETFL, O_NONBLOCK);
  {
    Listener first =
        Listener::Of(UniqueFd(fcntl(managers.get(), F_DUPFD_CLOEXEC, 0)), AddressOf(path_));
    const UniqueFd client = Dial(path_);
    EXPECT_TRUE(first.Accept().value().has_value());
    first.StopAccepting();
    EXPECT_TRUE(Dial(path_).valid());
    EXPECT_FALSE(first.Accept().value().has_value());  // for the next to take
    first.Close();
    EXPECT_THAT(first.Release(), IsOk());
  }
  EXPECT_TRUE(Exists(path_));
  Listener next =
      Listener::Of(UniqueFd(fcntl(managers.get(), F_DUPFD_CLOEXEC, 0)), AddressOf(path_));
  EXPECT_TRUE(next.Accept().value().has_value());
}

}  // namespace
}  // namespace uds
