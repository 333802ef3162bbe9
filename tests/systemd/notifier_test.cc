// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "systemd/notifier.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <array>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/patience.h"
#include "tests/support/temp_dir.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace systemd {
namespace {

using ::testing::Contains;

// A service manager that may or may not read.
class Manager {
 public:
  Manager() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const uds::Address address = uds::Address::Parse(dir_.Path("n")).value();
    EXPECT_EQ(bind(fd_.get(), address.socket_address(), address.socket_address_length()), 0);
    setenv("NOTIFY_SOCKET", address.name().c_str(), /*replace=*/1);
  }
  ~Manager() { unsetenv("NOTIFY_SOCKET"); }

  // The lines of the next notice; none if there is none in time.
  std::vector<std::string> Next() {
    const support::Deadline deadline;
    pollfd readable = {fd_.get(), POLLIN, 0};
    if (poll(&readable, 1, deadline.MillisecondsLeft()) != 1) return {};
    std::array<char, 4096> notice;
    const ssize_t size = recv(fd_.get(), notice.data(), notice.size(), 0);
    return absl::StrSplit(absl::string_view(notice.data(), size), '\n', absl::SkipEmpty());
  }

  // Reads until `line` has come.
  bool Hears(const std::string& line) {
    for (;;) {
      const std::vector<std::string> notice = Next();
      if (notice.empty()) return false;
      if (testing::Matches(Contains(line))(notice)) return true;
    }
  }

 private:
  const support::TempDir dir_;
  const uds::UniqueFd fd_;
};

void ExpectNoFailure(const absl::Status& status) { ADD_FAILURE() << status; }

TEST(NotifierTest, IsDisabledWithoutAManager) {
  unsetenv("NOTIFY_SOCKET");
  Notifier notifier(&ExpectNoFailure);
  EXPECT_FALSE(notifier.enabled());
  EXPECT_EQ(notifier.watchdog(), std::nullopt);
  notifier.Ready();
  notifier.Status("for nobody");
}

TEST(NotifierTest, TellsTheManager) {
  Manager manager;
  Notifier notifier(&ExpectNoFailure);
  EXPECT_TRUE(notifier.enabled());
  notifier.Ready();
  EXPECT_TRUE(manager.Hears("READY=1"));
  notifier.Status("fine");
  EXPECT_TRUE(manager.Hears("STATUS=fine"));
  notifier.StillAlive();
  EXPECT_TRUE(manager.Hears("WATCHDOG=1"));
  notifier.Stopping();
  EXPECT_TRUE(manager.Hears("STOPPING=1"));
  notifier.MoreTime(absl::Milliseconds(1500));
  EXPECT_TRUE(manager.Hears("EXTEND_TIMEOUT_USEC=1500000"));
}

TEST(NotifierTest, TellsWhatIsLeftAtTheEnd) {
  Manager manager;
  {
    Notifier notifier(&ExpectNoFailure);
    notifier.Status("last words");
  }
  EXPECT_TRUE(manager.Hears("STATUS=last words"));
}

// More than the manager's queue holds: who tells is not held up, and the last is what it hears.
TEST(NotifierTest, IsNotHeldUpByAManagerThatDoesNotRead) {
  Manager manager;
  Notifier notifier(&ExpectNoFailure);
  constexpr int kMany = 100'000;
  for (int i = 0; i <= kMany; ++i) notifier.Status(absl::StrCat(i));
  EXPECT_TRUE(manager.Hears(absl::StrCat("STATUS=", kMany)));
}

TEST(NotifierTest, EndsThoughTheManagerNeverReads) {
  Manager manager;
  std::future<void> ended = std::async(std::launch::async, [] {
    Notifier notifier(&ExpectNoFailure);
    for (int i = 0; i < 100'000; ++i) notifier.Status(absl::StrCat(i));
  });
  EXPECT_EQ(ended.wait_for(support::kPatience), std::future_status::ready);
}

TEST(NotifierTest, SaysOnceThatThereIsNobody) {
  setenv("NOTIFY_SOCKET", "/nonexistent/notify", /*replace=*/1);
  std::promise<absl::Status> failed;
  {
    Notifier notifier([&failed](const absl::Status& why) { failed.set_value(why); });
    notifier.Ready();
    std::future<absl::Status> why = failed.get_future();
    ASSERT_EQ(why.wait_for(support::kPatience), std::future_status::ready);
    EXPECT_FALSE(why.get().ok());
    notifier.Status("still nobody");  // a second call would throw, and end the test
  }
  unsetenv("NOTIFY_SOCKET");
}

TEST(NotifierTest, KnowsTheWatchdog) {
  Manager manager;
  Notifier notifier(&ExpectNoFailure);
  EXPECT_EQ(notifier.watchdog(), std::nullopt);
  setenv("WATCHDOG_USEC", "3000000", /*replace=*/1);
  EXPECT_EQ(notifier.watchdog(), absl::Seconds(3));
  setenv("WATCHDOG_PID", "1", /*replace=*/1);  // another process is meant
  EXPECT_EQ(notifier.watchdog(), std::nullopt);
  unsetenv("WATCHDOG_PID");
  unsetenv("WATCHDOG_USEC");
}

}  // namespace
}  // namespace systemd
