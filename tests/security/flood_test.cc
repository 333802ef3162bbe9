// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Frames without end, from many connections that read nothing.

#include <gtest/gtest.h>

#include <ostream>

#include "tests/security/attack_test.h"

namespace udsecho::security {
namespace {

constexpr int kConnections = 50;

struct Kind {
  std::string name;
  std::string frames;
  int connections = kConnections;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class FloodTest : public AttackTest, public ::testing::WithParamInterface<Kind> {};

INSTANTIATE_TEST_SUITE_P(
    Frames, FloodTest,
    ::testing::Values(Kind{"Ping", PingFrame(1)}, Kind{"PingAck", PingFrame(1, kAck)},
                      Kind{"EmptySettings", SettingsFrame({})}, Kind{"SettingsAck", SettingsAck()},
                      Kind{"HeaderTableSize", SettingsFrame({{kHeaderTableSize, 4096}}) +
                                                  SettingsFrame({{kHeaderTableSize, 0}})},
                      Kind{"WindowSize", SettingsFrame({{kInitialWindowSize, 0}}) +
                                             SettingsFrame({{kInitialWindowSize, 1U << 30}})},
                      Kind{"WindowUpdate", WindowUpdateFrame(0, 1)},
                      Kind{"WindowUpdateOfNoStream", WindowUpdateFrame(12345, 1)},
                      Kind{"Priority", PriorityFrame(1, 3)}, Kind{"ResetOfNoStream", ResetFrame(1)},
                      Kind{"EmptyDataOfNoStream",
                           DataFrame(1,
                                     "")},  // Each takes gRPC 20 us, so that a socket full of them
                                            // takes 0.2 s: docs/security.md.
                      Kind{"GoAway", GoAwayFrame(0, 0), 5},
                      Kind{"Unknown", FrameOf(77, kNone, 0, std::string(100, 'x'))}),
    [](const auto& info) { return info.param.name; });

TEST_P(FloodTest, CostsOthersNothing) {
  Serve();
  Flood(GetParam().connections, Times(100'000, GetParam().frames));
}

using ConnectFloodTest = AttackTest;

// As fast as can be: connections that are closed at once, that speak and are closed, and that are
// closed in the middle of a call.
TEST_F(ConnectFloodTest, ConnectionsThatEndAtOnce) {
  Serve();
  While(
      [&] {
        Connect().Close();
        Attacker(kSecondAttacker).Close();
        Attacker().Send(Request(1, kEcho) +
                        DataFrame(1, GrpcMessage(DelayedEchoRequest("x", 100))));
      },
      200);
}

}  // namespace
}  // namespace udsecho::security
