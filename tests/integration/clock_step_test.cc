// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The wall clock steps by an hour, back or forth, while the client does something that takes time:
// nothing changes. set_clock.cc makes the step.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tests/integration/server_process.h"
#include "tests/support/temp_dir.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {
namespace {

constexpr int kInterrupted = 130;

class ClockStepTest : public testing::TestWithParam<std::int64_t> {
 protected:
  void Step() const { Set(GetParam()); }

  // A client whose wall clock steps at Step(), by so many seconds.
  std::unique_ptr<support::SpawnedProcess> Start(const std::vector<std::string>& arguments) const {
    Set(0);
    const std::string library = std::filesystem::absolute(std::getenv("SET_CLOCK_SO"));
    support::SpawnOptions options;
    options.environment = {absl::StrCat("LD_PRELOAD=", library),
                           absl::StrCat("SET_CLOCK=", dir_.Path("step"))};
    return std::make_unique<support::SpawnedProcess>(ClientCommand(arguments), options);
  }

  const support::TempDir dir_;
  const uds::UniqueFd step_{open(dir_.Path("step").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  ServerProcess server_;

 private:
  void Set(std::int64_t seconds) const {
    ASSERT_EQ(pwrite(step_.get(), &seconds, sizeof(seconds), 0), ssize_t{sizeof(seconds)});
  }
};

INSTANTIATE_TEST_SUITE_P(BackAndForth, ClockStepTest, testing::Values(-3600, 3600));

TEST_P(ClockStepTest, PingsGoOn) {
  for (const char* shape : {"--shape=unary", "--shape=chat", "--shape=expand"}) {
    const bool expands = absl::StrContains(shape, "expand");
    const auto client = Start(
        {server_.path(), shape, "hi", "--interval=100ms", expands ? "--count=1000" : "--verbose"});
    client->out().Line(1);
    Step();
    // By the wall clock, the next one would be due in an hour.
    EXPECT_FALSE(client->out().Line(5).empty()) << shape;
    client->Signal(SIGINT);
    EXPECT_EQ(client->Wait(), kInterrupted) << shape;
  }
}

TEST_P(ClockStepTest, ATimeoutIsOne) {
  int messages = 0;
  for (const char* shape : {"--shape=unary", "--shape=expand", "--shape=collect", "--shape=chat"}) {
    const auto client = Start({server_.path(), shape, "hi", "--delay=1h", "--timeout=1s"});
    server_.Event("message_received", ++messages);
    Step();
    EXPECT_EQ(client->Wait(), kDeadlineExceeded) << shape;
  }
}

TEST_P(ClockStepTest, AWaitEnds) {
  const auto client = Start({dir_.Path("nobody"), "hi", "--wait=500ms"});
  Step();
  EXPECT_EQ(client->Wait(), kExitNoConnection);
}

TEST_P(ClockStepTest, ABenchEnds) {
  int clients = 0;
  for (const char* rate : {"--concurrency=1", "--rate=100"}) {
    const auto client =
        Start({server_.path(), "--bench", "--warmup=100ms", "--duration=500ms", rate, "--json"});
    server_.Event("connection_opened", ++clients);
    Step();
    EXPECT_EQ(client->Wait(), kExitOk) << client->err().Whole();
    const nlohmann::json result = nlohmann::json::parse(client->out().Whole(), nullptr, false);
    EXPECT_GE(result["duration_s"], 0.5);
    EXPECT_LT(result["duration_s"], 60);
  }
}

}  // namespace
}  // namespace udsecho::integration
