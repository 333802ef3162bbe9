// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// client --retry while the server is stopped, killed and started again: no message is lost, and no failure
// is reported.

#include <gtest/gtest.h>
#include <signal.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tests/integration/programs.h"
#include "tests/integration/server_process.h"
#include "tests/support/patience.h"
#include "tests/support/spawned_process.h"
#include "tests/support/temp_dir.h"

namespace udsecho::integration {
namespace {

class ClientRetryTest : public ::testing::Test {
 protected:
  void StartServer() {
    server_.emplace(ServerProcess::Options{.path = path_, .flags = {}, .spawn = {}});
  }

  void Restart(int signal) {
    server_->Signal(signal);
    server_->Wait();
    StartServer();
  }

  // A minute for each call: a busy machine may take a while to start a server.
  std::vector<std::string> Command(const std::vector<std::string>& flags) const {
    std::vector<std::string> words = {path_, "--retry=5", "--timeout=1m"};
    words.insert(words.end(), flags.begin(), flags.end());
    return ClientCommand(words);
  }

  int CallsInFlight() const {
    const support::Finished stats = RunClient({path_, "--stats", "--json"});
    const auto json = nlohmann::json::parse(stats.out, nullptr, false);
    return json.is_object() ? json.value("calls_in_flight", 0) : 0;
  }

  // Whether `out` has all lines from 0 on that begin and end so, and nothing else.
  static void ExpectNumbers(const std::string& out, int count) {
    std::string wanted;
    for (int i = 0; i < count; ++i) absl::StrAppend(&wanted, i, "\n");
    EXPECT_TRUE(out == wanted) << "other lines than the " << count << " numbers, in " << out.size()
                               << " bytes";
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("a %41");  // as it is, for gRPC too
  std::optional<ServerProcess> server_;
};

constexpr int kSignals[] = {SIGKILL, SIGTERM, SIGKILL};

TEST_F(ClientRetryTest, StandardInputLosesNoLine) {
  constexpr int kEach = 500;
  constexpr int kAll = 4 * kEach;
  for (const char* concurrency : {"--concurrency=1", "--concurrency=16"}) {
    StartServer();
    support::SpawnedProcess client(Command({concurrency}));
    std::thread writer([&] {
      for (int i = 0; i < kAll; ++i) client.Write(absl::StrCat(i, "\n"));
      client.CloseInput();
    });
    int line = 0;
    for (const int signal : kSignals) {
      EXPECT_EQ(client.out().Line(line), absl::StrCat(line));
      line += kEach;
      Restart(signal);
    }
    writer.join();
    EXPECT_EQ(client.Wait(), kClean) << client.err().Whole();
    ExpectNumbers(client.out().Whole(), kAll);
    EXPECT_EQ(client.err().Whole(), "");
  }
}

TEST_F(ClientRetryTest, APingLosesNothing) {
  StartServer();
  support::SpawnedProcess client(Command({"--interval=1ms", "--count=1000", "--json", "hi"}));
  int line = 0;
  for (const int signal : kSignals) {
    EXPECT_TRUE(client.out().HasLine(line));
    line += 200;
    Restart(signal);
  }
  EXPECT_EQ(client.Wait(), kClean) << client.err().Whole();
  const auto last = nlohmann::json::parse(client.out().Line(1000), nullptr, false);
  EXPECT_EQ(last["statistics"]["sent"], 1000);
  EXPECT_EQ(last["statistics"]["received"], 1000);
}

TEST_F(ClientRetryTest, AnyMethodLosesNothing) {
  StartServer();
  support::SpawnedProcess client(Command({"--call=udsecho.v1.Echo/Expand", "--data=@-"}));
  constexpr int kCalls = 300;
  std::thread writer([&] {
    for (int i = 0; i < kCalls; ++i) {
      client.Write(absl::StrCat(R"({"message":")", i, R"(","count":2})", "\n"));
    }
    client.CloseInput();
  });
  EXPECT_TRUE(client.out().HasLine(100));
  Restart(SIGTERM);
  writer.join();
  EXPECT_EQ(client.Wait(), kClean) << client.err().Whole();
  EXPECT_TRUE(absl::StrContains(client.out().Line(2 * kCalls - 1), "299"));
  EXPECT_FALSE(client.out().HasLine(2 * kCalls));
}

TEST_F(ClientRetryTest, ABenchHasNoErrors) {
  StartServer();
  support::SpawnedProcess client(Command({"--bench", "--warmup=0", "--count=1000", "-c", "8",
                                          "--delay=10ms", "--connections=2", "--json"}));
  for (const int signal : kSignals) {
    // The question is in flight too.
    const support::Deadline deadline;
    while (CallsInFlight() < 2 && !deadline.IsOver()) {
    }
    Restart(signal);
  }
  EXPECT_EQ(client.Wait(), kClean) << client.err().Whole();
  const auto result = nlohmann::json::parse(client.out().Whole(), nullptr, false);
  EXPECT_EQ(result["calls"], 1000);
  EXPECT_TRUE(result["errors"].empty()) << result["errors"];
}

TEST_F(ClientRetryTest, AServerThatDoesNotComeBackIsSaidSo) {
  StartServer();
  support::SpawnedProcess client(
      ClientCommand({path_, "--retry=5", "--timeout=3s", "--shape=unary"}));
  client.Write("a\n");
  EXPECT_EQ(client.out().Line(0), "a");
  server_->Signal(SIGKILL);
  server_->Wait();
  client.Write("b\n");
  EXPECT_EQ(client.Wait(), 64 + 4);
  const std::string error = client.err().Whole();
  EXPECT_TRUE(IsOneLine(error) && absl::StrContains(error, "there is no connection")) << error;
}

TEST_F(ClientRetryTest, TheFirstCallWaitsForTheServer) {
  support::SpawnedProcess client(Command({"-v", "hi"}));
  std::size_t line = 0;
  while (client.err().HasLine(line) && !absl::StrContains(client.err().Line(line), "Waiting")) {
    ++line;
  }
  StartServer();
  EXPECT_EQ(client.out().Line(0), "hi");
  EXPECT_EQ(client.Wait(), kClean) << client.err().Whole();
}

}  // namespace
}  // namespace udsecho::integration
