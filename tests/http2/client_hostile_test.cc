// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client's connection, with what is no server, or a hostile one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "http2/client_connection.h"
#include "tests/http2/client_bed.h"

namespace http2 {
namespace {

using Cause = StreamEnding::Cause;
using Reads = ClientBed::Reads;

constexpr std::int64_t kMuch = 2'000'000;

TEST(ClientHostileTest, WhatIsNoServerOfHttp2) {
  const std::vector<std::pair<std::string, ClientEnding>> servers = {
      {"HTTP/1.1 400 Bad Request\r\n\r\n", ClientEnding::kHttp1},
      {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", ClientEnding::kNotHttp2},
      {std::string("\x15\x03\x01\x00\x02\x02\x46 and so on", 17), ClientEnding::kNotHttp2},
      {PingFrame() + SettingsFrame({}), ClientEnding::kNotHttp2},
      {"", ClientEnding::kServerLeft},
  };
  for (const auto& [bytes, ending] : servers) {
    ClientBed bed;
    Told stream;
    bed.Submit(&stream);
    bed.Settle();
    bed.Send(bytes);
    bed.peer().Leave();
    bed.Settle();
    EXPECT_EQ(bed.connection().ending(), ending) << bytes;
    EXPECT_FALSE(bed.connection().spoke());
    EXPECT_EQ(stream.cause(), Cause::kLost);
  }
}

TEST(ClientHostileTest, AFirstAnswerInPieces) {
  ClientBed bed;
  for (const char c : std::string("HTTP/1.0 200 OK\r\n")) bed.Send(std::string(1, c));
  EXPECT_EQ(bed.connection().ending(), ClientEnding::kHttp1);
}

TEST(ClientHostileTest, WhatBreaksTheRulesEndsTheConnection) {
  const std::vector<std::string> frames = {
      FrameOf(kPushPromise, kEndHeaders, 1, FourBytes(2) + HeaderBlock(Get("/"))),
      HeadersFrame(2, {{":status", "200"}}, kEndHeaders),
      HeadersFrame(99, {{":status", "200"}}, kEndHeaders),
      DataFrame(99, "x"),
      DataFrame(1, "no header"),
      WindowUpdateFrame(0, 0x7fffffff),
      FrameOf(kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff\xff"),
      FrameOf(kData, 0, 1, std::string(20'000, 'x')),
      SettingsFrame({{kMaxFrameSize, 1}}),
      FrameOf(kPing, 0, 1, "pingping"),
  };
  for (const std::string& frame : frames) {
    ClientBed bed;
    bed.Greet();
    Told stream;
    bed.Submit(&stream);
    bed.Settle();
    bed.Send(frame);
    EXPECT_EQ(bed.connection().ending(), ClientEnding::kMalformed) << int{frame[3]};
    EXPECT_EQ(stream.cause(), Cause::kLost);
    EXPECT_FALSE(bed.peer().goaways().empty()) << "it is told";
  }
}

TEST(ClientHostileTest, AMalformedAnswerEndsItsStreamAlone) {
  const std::vector<std::string> answers = {
      HeadersFrame(1, {{":status", "200"}, {"Upper", "case"}}, kEndHeaders | kEndStream),
      HeadersFrame(1, {{"no", "status"}}, kEndHeaders | kEndStream),
      HeadersFrame(1, {{":status", "200"}, {"content-length", "5"}}, kEndHeaders) +
          DataFrame(1, "x", kEndStream),
  };
  for (const std::string& answer : answers) {
    ClientBed bed;
    bed.Greet();
    Told stream;
    Told other;
    bed.Submit(&stream);
    bed.Submit(&other);
    bed.Settle();
    bed.Send(answer);
    EXPECT_EQ(stream.cause(), Cause::kMalformed);
    bed.Send(Answer(3));
    EXPECT_EQ(other.cause(), Cause::kAnswered);
  }
}

// Whether in one header, in many of them (1xx), or in trailers.
TEST(ClientHostileTest, ALongHeaderEndsItsStreamAlone) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  Told other;
  bed.Submit(&stream);
  bed.Submit(&other);
  bed.Settle();
  const Headers information = {{":status", "103"}, {"a", std::string(1000, 'a')}};
  bed.Send(Repeated(HeadersFrame(1, information, kEndHeaders), 100));
  EXPECT_EQ(stream.cause(), Cause::kMalformed);
  EXPECT_LT(stream.headers.size(), 150);
  bed.Send(Answer(3));
  EXPECT_EQ(other.cause(), Cause::kAnswered);
}

TEST(ClientHostileTest, ManyContinuations) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  bed.Submit(&stream);
  bed.Settle();
  bed.Send(HeadersFrame(1, {{":status", "200"}}, kNone) +
           Repeated(FrameOf(kContinuation, kNone, 1, ""), 100'000));
  EXPECT_TRUE(bed.connection().ended());
}

// What it owes to a server that reads nothing is bounded.
TEST(ClientHostileTest, AFloodOfAServerThatReadsNothing) {
  for (const std::string& frame : {PingFrame(), SettingsFrame({})}) {
    ClientBed bed;
    bed.Greet();
    for (int i = 0; i < 300 && !bed.connection().ended(); ++i) {
      bed.peer().Send(Repeated(frame, 1000));
      bed.Settle(Reads::kServerReadsNot);
      ASSERT_LT(bed.account().held(), kMuch);
    }
    EXPECT_TRUE(bed.connection().ended());
  }
}

TEST(ClientHostileTest, AFloodThatIsAnswered) {
  ClientBed bed;
  bed.Greet();
  for (int i = 0; i < 20; ++i) {
    bed.Send(Repeated(PingFrame(), 900));
    ASSERT_LT(bed.account().held(), kMuch);
  }
  EXPECT_EQ(bed.peer().Count(kPing, kAck), 20 * 900);
}

TEST(ClientHostileTest, MemoryThatTheAccountWouldNotHave) {
  ClientBed bed(400'000);
  std::list<Told> streams(5000);
  for (Told& stream : streams) bed.Submit(&stream);
  bed.Settle();
  bed.Greet();
  EXPECT_EQ(bed.connection().ending(), ClientEnding::kNoMemory);
  for (const Told& stream : streams) EXPECT_EQ(stream.cause(), Cause::kLost);
}

TEST(ClientHostileTest, WindowsThatOpenAndClose) {
  ClientBed bed;
  bed.Greet();
  std::list<Told> streams(50);
  for (Told& stream : streams) bed.Submit(&stream, std::string(70'000, 'x'));
  bed.Settle();
  const std::string toggle =
      SettingsFrame({{kInitialWindowSize, 0}}) + SettingsFrame({{kInitialWindowSize, 0x7fffffff}});
  for (int i = 0; i < 100 && !bed.connection().ended(); ++i) {
    bed.Send(Repeated(toggle, 100));
    ASSERT_LT(bed.account().held(), 8 * kMuch);
  }
}

class ClientRandomTest : public testing::TestWithParam<unsigned> {
 protected:
  std::uint32_t Number(std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(0, most)(random_);
  }
  std::string Bytes(std::uint32_t most) {
    std::string bytes(Number(most), '\0');
    for (char& c : bytes) c = static_cast<char>(Number(255));
    return bytes;
  }
  std::string Frame();

  std::mt19937 random_{GetParam()};
};

std::string ClientRandomTest::Frame() {
  const std::uint32_t id = Number(10);
  switch (Number(12)) {
    case 0:
      return FrameOf(static_cast<std::uint8_t>(Number(11)), static_cast<std::uint8_t>(Number(255)),
                     id, Bytes(30));
    case 1:
      return ResetFrame(id, Number(13));
    case 2:
      return SettingsFrame({{static_cast<std::uint16_t>(Number(8)), Number(100'000)}});
    case 3:
      return WindowUpdateFrame(id, Number(100'000));
    case 4:
      return GoAwayFrame(id, Number(13));
    case 5:
      return PingFrame();
    case 6:
      return Answer(id, Bytes(100));
    case 7:
      return HeadersFrame(id, {{"grpc-status", Bytes(5)}}, kEndHeaders | kEndStream);
    case 8:
      return PaddedDataFrame(id, Bytes(20), 10, static_cast<std::uint8_t>(Number(1)));
    case 9:
      return Bytes(3);
    default:
      return HeadersFrame(id, {{":status", "200"}}, kEndHeaders) + DataFrame(id, Bytes(50));
  }
}

// Nothing crashes, no stream is told twice, and all memory comes back.
TEST_P(ClientRandomTest, WhateverComes) {
  ClientBed bed;
  bed.Greet();
  std::list<Told> streams(8);
  for (int i = 0; i < 40; ++i) {
    for (Told& stream : streams) {
      const int before = stream.endings;
      switch (Number(6)) {
        case 0:
          bed.SubmitOpen(&stream);
          break;
        case 1:
          bed.Submit(&stream, Bytes(3000));
          break;
        case 2:
          stream.Send(bed.BufferOf(Bytes(5000)));
          break;
        case 3:
          stream.End();
          break;
        case 4:
          stream.Cancel();
          break;
        default:
          break;
      }
      ASSERT_LE(stream.endings, before + 1);
    }
    bed.Send(Frame());
  }
  bed.Destroy();
  for (Told& stream : streams) EXPECT_FALSE(stream.is_open());
  EXPECT_EQ(bed.account().held(), 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ClientRandomTest, testing::Range(0U, 300U));

}  // namespace
}  // namespace http2
