// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Frames that cost and carry nothing: so many, and the connection ends. And what honest clients
// send, which never ends theirs.

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "http2/flood_budget.h"
#include "tests/http2/bed.h"

namespace http2 {
namespace {

struct Flood {
  std::string name;
  // The i-th piece of it, and how many frames that is, with the server's RST_STREAM.
  std::function<std::string(int)> piece;
  int frames = 1;

  friend void PrintTo(const Flood& flood, std::ostream* to) { *to << flood.name; }
};

std::uint32_t NewStream(int i) { return static_cast<std::uint32_t>(2 * i + 5); }

std::string Malformed(std::uint32_t stream) {
  return HeadersFrame(stream, Get("/hello", {{"connection", "close"}}), kEndHeaders | kEndStream);
}

const std::vector<Flood>& All() {
  static const auto* const kAll = new std::vector<Flood>{
      {"ping", [](int) { return PingFrame(); }},
      {"ping_ack", [](int) { return PingFrame("pongpong", kAck); }},
      {"settings", [](int) { return SettingsFrame({}); }},
      {"settings_of_windows",
       [](int i) {
         return SettingsFrame({{kInitialWindowSize, i % 2 == 0 ? 1000U : 2000U}});
       }},
      {"window_update", [](int) { return WindowUpdateFrame(0, 1); }},
      {"window_update_of_a_stream", [](int) { return WindowUpdateFrame(1, 1); }},
      {"priority", [](int) { return PriorityFrame(1, 0); }},
      {"empty_data", [](int) { return DataFrame(1, ""); }},
      {"padding_alone", [](int) { return PaddedDataFrame(1, "", 0); }},
      {"much_padding_alone", [](int) { return PaddedDataFrame(1, "", 255); }},
      {"data_for_a_stream_that_is_over", [](int) { return DataFrame(3, ""); }},
      {"headers_for_a_stream_that_is_over",
       [](int) {
         return HeadersFrame(3, {{"a", "b"}}, kEndHeaders);
       }},
      {"data_for_a_stream_that_was_reset",
       [](int i) {
         return absl::StrCat(i == 0 ? PostFrame(5, "/hold") + ResetFrame(5) : "",
                             DataFrame(5, "x"));
       }},
      {"unknown", [](int) { return FrameOf(0xee, 0, 0, ""); }},
      {"unknown_with_a_payload", [](int) { return FrameOf(0xee, 0xff, 1, std::string(90, 'x')); }},
      {"goaway", [](int) { return GoAwayFrame(0, kNoError); }},
      {"rapid_reset",
       [](int i) {
         return absl::StrCat(PostFrame(NewStream(i), "/hold"), ResetFrame(NewStream(i)));
       },
       2},
      {"made_you_reset",
       [](int i) {
         return absl::StrCat(PostFrame(NewStream(i), "/hold"),
                             WindowUpdateFrame(NewStream(i), (1U << 31) - 1));
       },
       3},
      {"malformed_requests", [](int i) { return Malformed(NewStream(i)); }, 2},
      {"continuation",
       [](int i) {
         return absl::StrCat(
             FrameOf(kHeaders, kEndStream, NewStream(i), HeaderBlock(Get("/hello"))),
             Repeated(FrameOf(kContinuation, 0, NewStream(i), ""), 50),
             FrameOf(kContinuation, kEndHeaders, NewStream(i), ""));
       },
       52},
  };
  return *kAll;
}

class FloodTest : public ::testing::TestWithParam<Flood> {
 protected:
  // Sends the flood until the connection ends: after how many frames of it.
  static std::int64_t Send(Link* link, std::int64_t most) {
    std::int64_t sent = 0;
    for (int i = 0; sent < most && !link->ending().has_value(); ++i) {
      std::string bytes;
      for (; bytes.size() < 1000; ++i, sent += GetParam().frames) bytes += GetParam().piece(i);
      link->peer().Send(bytes);
      link->peer().Push();
      link->SettleOnce();
    }
    link->Settle();
    return sent;
  }
};

TEST_P(FloodTest, EndsTheConnectionAndNotTooSoon) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/hold"), PostFrame(3, "/early")));
  const std::int64_t sent = Send(&link, 10 * FloodBudget::kMost);
  EXPECT_EQ(link.ending(), Ending::kFlooded);
  EXPECT_EQ(link.peer().goaway_code(), kEnhanceYourCalm);
  EXPECT_TRUE(link.peer().closed());
  EXPECT_GE(sent, FloodBudget::kMost / 10);
  EXPECT_LE(sent, FloodBudget::kMost * 3 / 2);
}

TEST_P(FloodTest, AFewOfThemAreNothing) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/hold"), PostFrame(3, "/early")));
  Send(&link, FloodBudget::kMost / 20);
  EXPECT_NE(link.ending(), Ending::kFlooded);
  EXPECT_EQ(link.peer().goaway_code(), std::nullopt);
}

TEST_P(FloodTest, TimeForgivesThem) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/hold"), PostFrame(3, "/early")));
  for (int i = 0, sent = 0; sent < 3 * FloodBudget::kMost / 2; ++i, sent += GetParam().frames) {
    link.peer().Send(GetParam().piece(i));
    link.peer().Push();
    bed.clock.Advance(absl::Milliseconds(10 * GetParam().frames));
    link.SettleOnce();
  }
  link.Settle();
  EXPECT_NE(link.ending(), Ending::kFlooded);
}

INSTANTIATE_TEST_SUITE_P(All, FloodTest, ::testing::ValuesIn(All()),
                         [](const auto& info) { return info.param.name; });

TEST(ContinuationTest, TooManyOfOneHeaderEndTheConnection) {
  Bed bed;
  Link link(&bed);
  link.Greet(FrameOf(kHeaders, kEndStream, 1, HeaderBlock(Get("/hello"))));
  link.Send(Repeated(FrameOf(kContinuation, 0, 1, ""), FloodBudget::kMost / 4 + 1));
  EXPECT_EQ(link.ending(), Ending::kFlooded);
  EXPECT_EQ(link.peer().goaway_code(), kEnhanceYourCalm);
}

// What clients send along with their calls (grpc-go: a PING and two WINDOW_UPDATEs for a message).
TEST(HonestClientTest, CallsWithAllThatClientsSendAlong) {
  Bed bed;
  Link link(&bed);
  link.Greet();
  for (int call = 0; call < 3 * FloodBudget::kMost; ++call) {
    const auto id = static_cast<std::uint32_t>(2 * call + 1);
    link.peer().Send(absl::StrCat(GetFrame(id, "/hello"), WindowUpdateFrame(0, 5), PingFrame()));
    link.peer().Push();
    link.SettleOnce();
    ASSERT_EQ(link.ending(), std::nullopt) << call;
  }
}

TEST(HonestClientTest, MessagesOfOneLongCall) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  for (int message = 0; message < 3 * FloodBudget::kMost; ++message) {
    link.peer().Send(absl::StrCat(DataFrame(1, "hello"), WindowUpdateFrame(0, 5),
                                  WindowUpdateFrame(1, 5), PingFrame()));
    link.peer().Push();
    link.SettleOnce();
    ASSERT_EQ(link.ending(), std::nullopt) << message;
  }
}

TEST(HonestClientTest, OneLongDownload) {
  Bed bed;
  Link link(&bed);
  link.Greet(GetFrame(1, "/bytes/500000000"));
  constexpr std::uint32_t kStep = 8 * 1024;
  for (std::int64_t sent = 0; sent < 200'000'000; sent += kStep) {
    link.peer().Send(absl::StrCat(WindowUpdateFrame(0, kStep), WindowUpdateFrame(1, kStep)));
    link.peer().Push();
    link.SettleOnce();
    link.peer().Forget();
    ASSERT_EQ(link.ending(), std::nullopt) << sent;
  }
}

TEST(HonestClientTest, ThousandsOfCallsAreCancelledAtOnce) {
  Bed bed;
  bed.settings.max_streams = 4000;
  Link link(&bed);
  std::string bytes;
  for (int i = 0; i < 4000; ++i) bytes += PostFrame(NewStream(i), "/hold");
  link.Greet(bytes);
  bytes.clear();
  for (int i = 0; i < 4000; ++i) bytes += ResetFrame(NewStream(i));
  link.Send(bytes);
  EXPECT_EQ(link.ending(), std::nullopt);
  EXPECT_EQ(link.connection().open_streams(), 0);
}

// DATA of one byte each, as a client's window allows it: that is the client's doing.
TEST(DribbleTest, ByteByByteIsAFlood) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(SettingsFrame({{kInitialWindowSize, 0}}), GetFrame(1, "/bytes/100000")));
  int sent = 0;
  for (; sent < 3 * FloodBudget::kMost && !link.ending().has_value(); ++sent) {
    link.peer().Send(WindowUpdateFrame(1, 1));
    link.peer().Push();
    link.SettleOnce();
  }
  EXPECT_EQ(link.ending(), Ending::kFlooded);
}

}  // namespace
}  // namespace http2
