// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// grpc-timeout in each of its units, of a client that leaves the deadline to the server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "absl/strings/str_cat.h"
#include "tests/integration/wire_test.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho::security {
namespace {

struct Timeout {
  std::string text;
  double seconds;
};

void PrintTo(const Timeout& timeout, std::ostream* out) { *out << timeout.text; }

class DeadlineTest : public WireTest {
 protected:
  static std::string DelayedBy(std::uint32_t stream, int64_t milliseconds) {
    v1::EchoRequest request;
    request.mutable_delay()->set_seconds(milliseconds / 1000);
    request.mutable_delay()->set_nanos(static_cast<std::int32_t>(milliseconds % 1000) * 1'000'000);
    return Call(stream, kEcho, request.SerializeAsString());
  }
};

// A deadline of 2 s comes after an answer that was delayed by 1.7 s and before one that was by
// 2.3 s: the server's clocks against each other, whatever time the test gets to run.
TEST_F(DeadlineTest, IsKeptToThreeTenthsOfASecond) {
  Serve();
  RawPeer peer = Connect();
  const std::vector<std::string> timeouts = {"2S", "2000m", "2000000u", "02S"};
  constexpr std::uint32_t kBefore = 1;
  constexpr std::uint32_t kFirst = 3;
  constexpr std::uint32_t kAfter = 99;
  std::string frames = DelayedBy(kBefore, 1700);
  std::vector<std::uint32_t> streams;
  for (const std::string& timeout : timeouts) {
    streams.push_back(kFirst + 2 * streams.size());
    frames +=
        Call(streams.back(), kEcho, DelayedEchoRequest("x", 600), {{"grpc-timeout", timeout}});
  }
  ASSERT_TRUE(peer.Send(frames + DelayedBy(kAfter, 2300)));
  EXPECT_EQ(peer.AwaitStatus(kBefore), kOk);
  for (const std::uint32_t stream : streams) {
    EXPECT_FALSE(peer.reply(stream).ended) << timeouts[(stream - kFirst) / 2];
  }
  for (const std::uint32_t stream : streams) {
    EXPECT_EQ(peer.AwaitStatus(stream), kDeadlineExceededStatus) << timeouts[(stream - kFirst) / 2];
  }
  EXPECT_FALSE(peer.reply(kAfter).ended);
  EXPECT_EQ(peer.AwaitStatus(kAfter), kOk);
}

class UnitTest : public DeadlineTest, public ::testing::WithParamInterface<Timeout> {};

INSTANTIATE_TEST_SUITE_P(Units, UnitTest,
                         ::testing::Values(Timeout{"3H", 3 * 3600}, Timeout{"5M", 300},
                                           Timeout{"70S", 70}, Timeout{"00000070S", 70},
                                           Timeout{"70000m", 70}, Timeout{"70000000u", 70},
                                           Timeout{"99999999u", 99.999999}),
                         [](const auto& info) { return "T" + info.param.text; });

TEST_P(UnitTest, IsWhatIsLeft) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(Call(1, kWhoAmI, "", {{"grpc-timeout", GetParam().text}})));
  ASSERT_EQ(peer.AwaitStatus(1), kOk);
  v1::WhoAmIResponse response;
  ASSERT_TRUE(response.ParseFromString(peer.reply(1).messages().at(0)));
  ASSERT_TRUE(response.has_time_left());
  const double left =
      static_cast<double>(response.time_left().seconds()) + response.time_left().nanos() / 1e9;
  // The way to the handler takes a part of it.
  EXPECT_LE(left, GetParam().seconds * 1.01);
  EXPECT_GE(left, GetParam().seconds - 30);
}

// Ten thousand years, which no clock has, are as good as none.
TEST_F(DeadlineTest, LongestThereIs) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(Call(1, kWhoAmI, "", {{"grpc-timeout", "99999999H"}})));
  EXPECT_EQ(peer.AwaitStatus(1), kOk);
}

// A tenth of a second is the most that eight digits of nanoseconds can say.
TEST_F(DeadlineTest, InNanoseconds) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(
      peer.Send(Call(1, kEcho, DelayedEchoRequest("x", 600), {{"grpc-timeout", "99999999n"}})));
  EXPECT_EQ(peer.AwaitStatus(1), kDeadlineExceededStatus);
}

// Before anything was done; the status is the same.
TEST_F(DeadlineTest, OfOneNanosecond) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(Call(1, kEcho, DelayedEchoRequest("x", 600), {{"grpc-timeout", "1n"}})));
  EXPECT_EQ(peer.AwaitStatus(1), kDeadlineExceededStatus);
  EXPECT_TRUE(IsAlive(&peer, 3));
}

// In every shape, and while the client has not half-closed.
TEST_F(DeadlineTest, EndsStreamsTheClientKeepsOpen) {
  Serve();
  RawPeer peer = Connect();
  const Headers timeout = {{"grpc-timeout", "50m"}};
  ASSERT_TRUE(peer.Send(Request(1, kChat, timeout) + Request(3, kCollect, timeout) +
                        DataFrame(3, GrpcMessage(EchoRequest("x"))) + Request(5, kEcho, timeout)));
  for (const std::uint32_t stream : {1, 3, 5}) {
    EXPECT_EQ(peer.AwaitStatus(stream), kDeadlineExceededStatus) << stream;
  }
  EXPECT_TRUE(IsAlive(&peer, 7));
}

}  // namespace
}  // namespace udsecho::security
