// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the service manager hears, and how it ends a server whose polling thread is stuck.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
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

// The thread of that name; 0 if there is none.
pid_t FindThread(pid_t pid, const std::string& wanted) {
  for (const auto& entry :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/task"))) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    pid_t tid = 0;
    if (name == wanted && absl::SimpleAtoi(entry.path().filename().string(), &tid)) return tid;
  }
  return 0;
}

// As a debugger does: it stands still, while the other threads go on.
class StoppedThread {
 public:
  explicit StoppedThread(pid_t tid)
      : tid_(tid),
        stopped_(tid != 0 && ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) == 0 &&
                 ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0 &&
                 waitpid(tid, nullptr, __WALL) == tid) {}
  bool stopped() const { return stopped_; }

  // Waits for its process's end, which has to be seen by the debugger first.
  void AwaitEnd(pid_t pid) const {
    std::future<pid_t> ended =
        std::async(std::launch::async, [this] { return waitpid(tid_, nullptr, __WALL); });
    if (ended.wait_for(support::kPatience) == std::future_status::timeout) kill(pid, SIGKILL);
  }

 private:
  const pid_t tid_;
  const bool stopped_;
};

// So does a handler that never returns.
TEST(NotifyTest, StuckPollingThreadIsNoticedByTheWatchdogAndEndsByForce) {
  NoticeReader notices;
  ServerProcess server(With(notices, {"--grace=0"}, {"WATCHDOG_USEC=100000"}));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(notices.Await("WATCHDOG"), "1");

  const StoppedThread polling(FindThread(server.pid(), "rpc-polling"));
  if (!polling.stopped()) GTEST_SKIP() << "needs ptrace(2)";
  notices.Clear();
  server.Signal(SIGTERM);
  server.Event("service_stuck");
  polling.AwaitEnd(server.pid());
  EXPECT_EQ(server.Wait(), kStuck);
  EXPECT_LE(notices.Count("WATCHDOG"), 1);  // which may have been on its way
  EXPECT_NE(access(server.path().c_str(), F_OK), 0);
}

}  // namespace
}  // namespace udsecho::integration
