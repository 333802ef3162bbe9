// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the service manager hears, and how it ends a server whose thread is stuck.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/calls.h"
#include "tests/integration/notice_reader.h"
#include "tests/integration/server_process.h"
#include "tests/support/patience.h"

namespace udsecho::integration {
namespace {

ServerProcess::Options With(const NoticeReader& notices, const std::vector<std::string>& flags,
                            const std::vector<std::string>& environment = {}) {
  ServerProcess::Options options;
  options.flags = flags;
  options.spawn.environment = environment;
  options.spawn.environment.push_back(notices.variable());
  return options;
}

TEST(NotifyTest, ReadyMeansThatCallsAreAnswered) {
  NoticeReader notices;
  ServerProcess server(With(notices, {}));
  EXPECT_EQ(notices.Await("READY"), "1");
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  EXPECT_EQ(server.Stop(), kClean);
  EXPECT_EQ(notices.Await("STOPPING"), "1");
}

TEST(NotifyTest, StatusFollowsWhatGoesOn) {
  NoticeReader notices;
  ServerProcess server(With(notices, {}));
  const std::string idle = notices.Await("STATUS");
  auto stub = v1::Echo::NewStub(Connect(server.path()));
  grpc::ClientContext context;
  auto stream = stub->Chat(&context);
  ASSERT_EQ(Say(stream.get(), "hello"), "hello");
  const std::string busy = notices.Await("STATUS");
  EXPECT_NE(busy, idle);
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(NotifyTest, TimeIsAskedForWhileCallsGoOn) {
  NoticeReader notices;
  ServerProcess server(With(notices, {"--grace=1h"}));
  auto stub = v1::Echo::NewStub(Connect(server.path()));
  grpc::ClientContext context;
  auto stream = stub->Chat(&context);
  ASSERT_EQ(Say(stream.get(), "hello"), "hello");
  server.Signal(SIGTERM);
  EXPECT_EQ(notices.Await("STOPPING"), "1");
  for (int i = 0; i < 2; ++i) {
    std::int64_t microseconds = 0;
    EXPECT_TRUE(absl::SimpleAtoi(notices.Await("EXTEND_TIMEOUT_USEC"), &microseconds));
    EXPECT_GT(microseconds, 0);
  }
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(server.Wait(), kClean);
}

TEST(NotifyTest, ManagerThatIsNotThereIsToldOfOnce) {
  ServerProcess::Options options;
  options.spawn.environment = {"NOTIFY_SOCKET=/nonexistent/notify"};
  ServerProcess server(options);
  server.Event("notify_failed");
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  EXPECT_EQ(server.Stop(), kClean);
}

TEST(NotifyTest, ManagerThatDoesNotReadHoldsUpNobody) {
  NoticeReader notices;
  ServerProcess server(With(notices, {}, {"WATCHDOG_USEC=2000"}));  // fills the queue at once
  for (int i = 0; i < 20; ++i) EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  EXPECT_EQ(server.Stop(), kClean);
}

// hold_thread.cc makes its handler one that never returns.
TEST(NotifyTest, StuckPollingThreadIsNoticedByTheWatchdogAndEndsByForce) {
  NoticeReader notices;
  const std::string preload =
      absl::StrCat("LD_PRELOAD=", std::filesystem::absolute(std::getenv("HOLD_THREAD")).string());
  ServerProcess server(With(notices, {"--grace=0"}, {"WATCHDOG_USEC=100000", preload}));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(notices.Await("WATCHDOG"), "1");

  auto held = std::async(std::launch::async, Echo, Connect(server.path()),
                         Message("udsecho-test-hold-this-thread"));
  ASSERT_EQ(server.out().Line(0), "held");
  notices.Clear();
  server.Signal(SIGTERM);
  server.Event("service_stuck");
  EXPECT_EQ(server.Wait(), kStuck);
  EXPECT_LE(notices.Count("WATCHDOG"), 1);  // which may have been on its way
  EXPECT_NE(access(server.path().c_str(), F_OK), 0);
  EXPECT_FALSE(held.get().status.ok());
}

}  // namespace
}  // namespace udsecho::integration
