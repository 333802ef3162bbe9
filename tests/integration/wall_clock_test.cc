// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The wall clock is set while the server runs: that changes the times in its log, and nothing else.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/integration/calls.h"
#include "tests/integration/notice_reader.h"
#include "tests/integration/server_process.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {
namespace {

constexpr std::int64_t kHours = 3600;

class WallClockTest : public ::testing::Test {
 protected:
  WallClockTest() : step_(open(dir_.Path("step").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    Set(0);
  }

  void Set(std::int64_t seconds) {
    ASSERT_EQ(pwrite(step_.get(), &seconds, sizeof(seconds), 0), ssize_t{sizeof(seconds)});
  }

  ServerProcess::Options WithClock(const std::vector<std::string>& flags) {
    ServerProcess::Options options;
    options.flags = flags;
    options.spawn.environment = {
        absl::StrCat("LD_PRELOAD=",
                     std::filesystem::absolute(std::getenv("SET_CLOCK_SO")).string()),
        absl::StrCat("SET_CLOCK=", dir_.Path("step")), notices_.variable()};
    return options;
  }

  static absl::Time TimeOf(const nlohmann::json& event) {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(
        absl::ParseTime(absl::RFC3339_full, event["time"].get<std::string>(), &time, &error));
    return time;
  }

  const support::TempDir dir_;
  const uds::UniqueFd step_;
  NoticeReader notices_;
};

TEST_F(WallClockTest, CallsAndTheirDelaysGoOn) {
  ServerProcess server(WithClock({"--max_connection_idle=1h", "--max_connection_age=2h"}));
  for (const std::int64_t step : {-10 * kHours, 10 * kHours}) {
    Set(0);
    const int nth = step < 0 ? 1 : 2;
    std::future<Answer> slow =
        std::async(std::launch::async, Echo, Connect(server.path()), Delayed("slow", 300));
    const absl::Time before = TimeOf(server.Event("message_received", nth));
    Set(step);
    EXPECT_TRUE(slow.get().status.ok());
    const absl::Duration passed = TimeOf(server.Event("connection_closed", nth)) - before;
    EXPECT_GT(absl::AbsDuration(passed), absl::Hours(9));  // so the clock was set
  }
  EXPECT_EQ(server.Stop(), kClean);
}

TEST_F(WallClockTest, ADrainAsksTheServiceManagerForTimeAsBefore) {
  ServerProcess server(WithClock({"--grace=1h"}));
  auto stub = v1::Echo::NewStub(Connect(server.path()));
  grpc::ClientContext context;
  auto stream = stub->Chat(&context);
  ASSERT_EQ(Say(stream.get(), "hello"), "hello");
  server.Signal(SIGTERM);
  EXPECT_EQ(notices_.Await("STOPPING"), "1");
  EXPECT_NE(notices_.Await("EXTEND_TIMEOUT_USEC"), "");
  Set(10 * kHours);
  EXPECT_NE(notices_.Await("EXTEND_TIMEOUT_USEC"), "");
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(server.Wait(), kClean);
}

}  // namespace
}  // namespace udsecho::integration
