// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A flood does not go on: its connection is ended, and a line of the log says whose it was.

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/wire_test.h"
#include "tests/security/attack_test.h"
#include "tests/support/patience.h"

namespace udsecho::security {
namespace {

struct Kind {
  std::string name;
  std::function<std::string(std::uint32_t stream)> one;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class OffenceTest : public WireTest, public ::testing::WithParamInterface<Kind> {
 protected:
  void SetUp() override {
    if (!support::MayBeOthers()) GTEST_SKIP() << support::kNeedsRoot;
  }
};

INSTANTIATE_TEST_SUITE_P(
    Floods, OffenceTest,
    ::testing::Values(Kind{"Ping", [](auto) { return PingFrame(1); }},
                      Kind{"Settings", [](auto) { return SettingsFrame({}); }},
                      Kind{"Resets",
                           [](auto stream) { return Request(stream, kChat) + ResetFrame(stream); }},
                      Kind{"ResetsOfCalls",
                           [](auto stream) {
                             return (Call(stream, kEcho, DelayedEchoRequest("x", 600))) +
                                    ResetFrame(stream);
                           }}),
    [](const auto& info) { return info.param.name; });

// By one that reads nothing.
TEST_P(OffenceTest, EndsTheConnectionAndIsLogged) {
  ServeAll({"--max_memory=16MiB", "--max_message=1MiB", "--send_timeout=3s"});
  RawPeer peer(support::ConnectAs(kAttacker, server().path()));
  ASSERT_TRUE(peer.Greet());
  std::uint32_t stream = 1;
  const support::Deadline deadline;
  while (!peer.IsClosed() && !deadline.IsOver()) {
    std::string frames;
    for (int i = 0; i < 100; ++i, stream += 2) frames += GetParam().one(stream);
    peer.Push(frames);
  }
  EXPECT_TRUE(peer.IsClosed());
  RawPeer honest(support::ConnectAs(kHonest, server().path()));
  EXPECT_TRUE(honest.Greet() && IsAlive(&honest, 1));
  EXPECT_EQ(Stop(), integration::kClean);
  int lines = 0;
  for (const nlohmann::json& event : server().AllEvents()) {
    const bool is_of_connection =
        absl::StartsWith(event["event"].get<std::string>(), "connection_");
    if (is_of_connection && event["level"] == "warn" && event["fields"]["uid"] == kAttacker) {
      ++lines;
    }
  }
  EXPECT_GE(lines, 1);
}

}  // namespace
}  // namespace udsecho::security
