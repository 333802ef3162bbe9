// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client's connection, with servers that keep to HTTP/2.

#include "http2/client_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/http2/client_bed.h"

namespace http2 {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using Cause = StreamEnding::Cause;

constexpr std::uint32_t kMuch = 1U << 30;

TEST(ClientConnectionTest, ARequestAndItsAnswer) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  bed.Submit(&stream, "ping");
  bed.Settle();
  const Response& request = bed.peer().response(1);
  EXPECT_THAT(request.header, ElementsAre(Pair(":method", "POST"), Pair(":scheme", "http"),
                                          Pair(":path", "/a"), Pair(":authority", "localhost")));
  EXPECT_EQ(request.body, "ping");
  EXPECT_TRUE(request.ended);
  bed.Send(Answer(1));
  EXPECT_THAT(stream.headers, ElementsAre(Pair(":status", "200"), Pair("grpc-status", "0")));
  EXPECT_EQ(stream.header_ends, 1);
  EXPECT_EQ(stream.body, "hello");
  EXPECT_EQ(stream.cause(), Cause::kAnswered);
  EXPECT_FALSE(stream.is_open());
  EXPECT_EQ(bed.connection().streams(), 0);
  EXPECT_FALSE(bed.connection().ended());
}

TEST(ClientConnectionTest, AHeaderThatIsAllOfTheAnswer) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  bed.Submit(&stream);
  bed.Settle();
  bed.Send(HeadersFrame(1, {{":status", "200"}, {"grpc-status", "14"}}, kEndHeaders | kEndStream));
  EXPECT_EQ(stream.header_ends, 0);
  EXPECT_EQ(stream.cause(), Cause::kAnswered);
}

TEST(ClientConnectionTest, AStreamIsUsedAgain) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  for (std::uint32_t id = 1; id < 2000; id += 2) {
    bed.Submit(&stream, absl::StrCat("ping", id));
    bed.Settle();
    ASSERT_EQ(bed.peer().response(id).body, absl::StrCat("ping", id));
    bed.Send(Answer(id));
    ASSERT_EQ(stream.endings, static_cast<int>(id / 2 + 1));
  }
}

TEST(ClientConnectionTest, SubmittedWhileOneIsOver) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  int left = 3;
  stream.over = [&] {
    if (left-- > 0) bed.Submit(&stream, "again");
  };
  bed.Submit(&stream);
  bed.Settle();
  for (std::uint32_t id = 1; id <= 7; id += 2) bed.Send(Answer(id));
  EXPECT_EQ(stream.endings, 4);
  EXPECT_EQ(bed.peer().response(7).body, "again");
}

TEST(ClientConnectionTest, AllOfATurnLeavesTogether) {
  ClientBed bed;
  bed.Greet();
  std::list<Told> streams(50);
  for (Told& stream : streams) bed.Submit(&stream, "ping");
  bed.connection().Flush();
  EXPECT_TRUE(bed.peer().Pull());
  EXPECT_TRUE(bed.peer().response(99).ended);
}

TEST(ClientConnectionTest, NoMoreStreamsThanTheServerWants) {
  ClientBed bed;
  bed.Greet({{kMaxConcurrentStreams, 2}});
  std::list<Told> streams(5);
  for (Told& stream : streams) bed.Submit(&stream);
  bed.Settle();
  EXPECT_EQ(bed.peer().Count(kHeaders, kEndHeaders), 2);
  EXPECT_EQ(bed.connection().streams(), 5);
  bed.Send(Answer(1));
  EXPECT_EQ(bed.peer().Count(kHeaders, kEndHeaders), 3);
  streams.back().Cancel();  // has not begun
  for (std::uint32_t id = 3; id <= 7; id += 2) bed.Send(Answer(id));
  EXPECT_EQ(bed.peer().Count(kHeaders, kEndHeaders), 4);
  EXPECT_EQ(bed.connection().streams(), 0);
}

TEST(ClientConnectionTest, AfterGoAway) {
  ClientBed bed;
  bed.Greet({{kMaxConcurrentStreams, 3}});
  std::list<Told> streams(4);
  for (Told& stream : streams) bed.Submit(&stream);
  bed.Settle();
  bed.Send(GoAwayFrame(1, kNoError));
  auto stream = streams.begin();
  EXPECT_EQ(stream->cause(), std::nullopt) << "it goes on";
  for (++stream; stream != streams.end(); ++stream) EXPECT_EQ(stream->cause(), Cause::kRefused);
  EXPECT_FALSE(bed.connection().may_submit());
  Told late;
  bed.Submit(&late);
  EXPECT_EQ(late.cause(), Cause::kRefused);
  bed.Send(Answer(1));
  EXPECT_EQ(streams.front().cause(), Cause::kAnswered);
  EXPECT_EQ(bed.connection().streams(), 0);
}

TEST(ClientConnectionTest, ResetByTheServer) {
  ClientBed bed;
  bed.Greet();
  Told reset;
  Told refused;
  bed.Submit(&reset);
  bed.Submit(&refused);
  bed.Settle();
  bed.Send(ResetFrame(1, kEnhanceYourCalm) + ResetFrame(3, kRefusedStream));
  EXPECT_EQ(reset.cause(), Cause::kReset);
  EXPECT_EQ(reset.ending->error_code, kEnhanceYourCalm);
  EXPECT_EQ(refused.cause(), Cause::kRefused);
}

TEST(ClientConnectionTest, AnAnswerBeforeTheRequestHasEnded) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  bed.SubmitOpen(&stream);
  stream.Send(bed.BufferOf("one"));
  bed.Settle();
  bed.Send(Answer(1));
  EXPECT_EQ(stream.cause(), Cause::kAnswered);
  EXPECT_EQ(bed.peer().response(1).reset, kCancel);
  EXPECT_EQ(bed.connection().streams(), 0);
}

TEST(ClientConnectionTest, MoreIsSentOnAnOpenStream) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  bed.SubmitOpen(&stream);
  for (const char* text : {"one", "two"}) {
    stream.Send(bed.BufferOf(text));
    bed.Settle();
  }
  EXPECT_EQ(bed.peer().response(1).body, "onetwo");
  EXPECT_FALSE(bed.peer().response(1).ended);
  stream.End();
  bed.Settle();
  EXPECT_TRUE(bed.peer().response(1).ended);
}

// A frame of each, and not one to its end before the next begins.
TEST(ClientConnectionTest, LongBodiesTakeTurns) {
  ClientBed bed;
  bed.Greet({{kInitialWindowSize, kMuch}});
  bed.Send(WindowUpdateFrame(0, kMuch));
  Told first;
  Told second;
  bed.Submit(&first, std::string(1'000'000, '1'));
  bed.Submit(&second, std::string(1'000'000, '2'));
  bed.Settle();
  int changes = 0;
  std::uint32_t last = 0;
  for (const Received& frame : bed.peer().frames()) {
    if (frame.type != kData) continue;
    if (std::exchange(last, frame.stream) != frame.stream) ++changes;
  }
  EXPECT_GT(changes, 50);
}

TEST(ClientConnectionTest, TheServersWindowsAreKept) {
  ClientBed bed;
  bed.Greet();
  const std::string body(200'000, 'b');
  Told stream;
  bed.Submit(&stream, body);
  bed.Settle();
  EXPECT_EQ(bed.peer().response(1).body.size(), kWindow);
  bed.Send(WindowUpdateFrame(0, kMuch));
  EXPECT_EQ(bed.peer().response(1).body.size(), kWindow);
  bed.Send(WindowUpdateFrame(1, 100'000));
  EXPECT_EQ(bed.peer().response(1).body.size(), kWindow + 100'000);
  bed.Send(WindowUpdateFrame(1, 100'000));
  EXPECT_EQ(bed.peer().response(1).body, body);
  EXPECT_TRUE(bed.peer().response(1).ended);
}

TEST(ClientConnectionTest, ALongBodyIsMadeAsItLeaves) {
  ClientBed bed;
  bed.Greet({{kInitialWindowSize, kMuch}});
  bed.Send(WindowUpdateFrame(0, kMuch));
  const Buffer chunk = bed.BufferOf(std::string(10'000, 'c'));
  const std::int64_t before = bed.account().held();
  std::int64_t most = 0;
  int left = 1000;
  Told stream;
  stream.room_to_send = [&] {
    most = std::max(most, bed.account().held() - before);
    stream.Send(chunk);
    if (--left == 0) stream.End();
  };
  bed.SubmitOpen(&stream);
  bed.Settle();
  EXPECT_EQ(bed.peer().response(1).body.size(), 10'000'000);
  EXPECT_TRUE(bed.peer().response(1).ended);
  EXPECT_LT(most, 200'000) << "and takes no room";
}

TEST(ClientConnectionTest, WindowsOpenForALongAnswer) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  bed.Submit(&stream);
  bed.Settle();
  bed.Send(HeadersFrame(1, {{":status", "200"}}, kEndHeaders));
  for (int i = 0; i < 40; ++i) bed.Send(Repeated(DataFrame(1, std::string(16'000, 'd')), 50));
  EXPECT_EQ(stream.body.size(), 16'000 * 40 * 50) << "twice the window";
  EXPECT_GT(bed.peer().window_updates(1), 0);
  EXPECT_FALSE(bed.connection().ended());
}

TEST(ClientConnectionTest, Cancelled) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  bed.Submit(&stream);
  bed.Settle();
  stream.Cancel();
  EXPECT_FALSE(stream.is_open());
  bed.Settle();
  EXPECT_EQ(bed.peer().response(1).reset, kCancel);
  bed.Send(Answer(1));
  EXPECT_EQ(stream.endings, 0);
  EXPECT_EQ(stream.body, "");
  bed.Submit(&stream);
  bed.Settle();
  bed.Send(Answer(3));
  EXPECT_EQ(stream.cause(), Cause::kAnswered);
}

TEST(ClientConnectionTest, CancelledBeforeItLeft) {
  ClientBed bed;
  bed.Greet({{kMaxConcurrentStreams, 1}});
  {
    Told gone;
    bed.SubmitOpen(&gone);
    gone.Send(bed.BufferOf("never"));
  }
  Told stream;
  bed.Submit(&stream, "ping");
  bed.Settle();
  EXPECT_EQ(bed.connection().streams(), 1);
  EXPECT_EQ(bed.peer().response(1).body, "ping");
}

TEST(ClientConnectionTest, CancelledByItsOwnCallback) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  stream.room_to_send = [&] { stream.Cancel(); };
  bed.SubmitOpen(&stream);
  bed.Settle();
  EXPECT_EQ(bed.peer().response(1).reset, kCancel);
  EXPECT_EQ(bed.connection().streams(), 0);
}

TEST(ClientConnectionTest, TheServerLeaves) {
  ClientBed bed;
  bed.Greet({{kMaxConcurrentStreams, 1}});
  Told sent;
  Told waiting;
  bed.Submit(&sent);
  bed.Submit(&waiting);
  bed.Settle();
  bed.peer().Leave();
  bed.Settle();
  EXPECT_EQ(sent.cause(), Cause::kLost);
  EXPECT_EQ(waiting.cause(), Cause::kLost);
  EXPECT_EQ(bed.connection().ending(), ClientEnding::kServerLeft);
  bed.Submit(&sent);
  EXPECT_EQ(sent.endings, 2) << "told at once";
}

TEST(ClientConnectionTest, WhatTheServerSaidBeforeItLeftIsRead) {
  ClientBed bed;
  bed.Greet();
  Told stream;
  bed.Submit(&stream);
  bed.Settle();
  bed.peer().Send(Answer(1));
  bed.peer().Push();
  bed.peer().Leave();
  bed.connection().Flush();
  bed.Settle();
  EXPECT_EQ(stream.cause(), Cause::kAnswered);
  EXPECT_TRUE(bed.connection().ended());
}

TEST(ClientConnectionTest, StreamsMayOutliveIt) {
  Told stream;
  {
    ClientBed bed;
    bed.Greet();
    bed.Submit(&stream, "ping");
    bed.Settle();
  }
  EXPECT_EQ(stream.cause(), Cause::kLost);
  EXPECT_FALSE(stream.is_open());
}

TEST(ClientConnectionTest, AllMemoryIsGivenBack) {
  ClientBed bed;
  std::list<Told> streams(20);
  bed.Greet();
  for (Told& stream : streams) bed.Submit(&stream, std::string(10'000, 'x'));
  bed.Settle();
  bed.Send(Answer(1) + Answer(3) + ResetFrame(5));
  EXPECT_GT(bed.account().held(), 0);
  bed.Destroy();
  EXPECT_EQ(bed.account().held(), 0);
}

}  // namespace
}  // namespace http2
