// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How a connection ends: drained, by the client, by the application, or before it was HTTP/2.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "http2/first_bytes.h"
#include "tests/http2/bed.h"

namespace http2 {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr std::uint32_t kAnyStream = (1U << 31) - 1;

std::string PingAck() { return PingFrame(std::string(8, '\0'), kAck); }

TEST(DrainTest, InTwoSteps) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  link.connection().Drain();
  link.connection().Drain();
  link.Settle();
  ASSERT_THAT(link.peer().goaways(), SizeIs(1));
  EXPECT_EQ(link.peer().goaways()[0].last_stream, kAnyStream);
  EXPECT_EQ(link.peer().goaways()[0].code, kNoError);
  EXPECT_EQ(link.peer().Count(kPing), 1);
  // One that was on its way is served.
  link.Send(PostFrame(3, "/echo"));
  link.Send(absl::StrCat(PingAck(), DataFrame(3, "three", kEndStream)));
  EXPECT_EQ(link.response(3).body, "three");
  ASSERT_THAT(link.peer().goaways(), SizeIs(2));
  EXPECT_EQ(link.peer().goaways()[1].last_stream, 3);
  EXPECT_EQ(link.peer().goaways()[1].code, kNoError);
  // One that comes afterwards is not.
  link.Send(GetFrame(5, "/hello"));
  EXPECT_THAT(bed.site.begun, ElementsAre("/echo", "/echo"));
  EXPECT_EQ(link.ending(), std::nullopt);
  link.Send(DataFrame(1, "one", kEndStream));
  EXPECT_EQ(link.response(1).body, "one");
  EXPECT_TRUE(link.peer().closed());
  // The server goes on reading: a client that is writing may have to read its answers yet.
  EXPECT_EQ(link.ending(), std::nullopt);
  link.Send(PingFrame());
  EXPECT_EQ(link.ending(), std::nullopt);
  link.peer().Leave();
  link.Settle();
  EXPECT_EQ(link.ending(), Ending::kDone);
}

TEST(DrainTest, AClientThatDoesNotCloseIsWaitedForATime) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  link.connection().Drain();
  link.Send(absl::StrCat(PingAck(), DataFrame(1, "one", kEndStream)));
  EXPECT_EQ(link.response(1).body, "one");
  EXPECT_EQ(link.ending(), std::nullopt);
  bed.clock.Advance(bed.settings.drain_timeout);
  link.Settle();
  EXPECT_EQ(link.ending(), Ending::kDone);
}

TEST(DrainTest, AClientThatDoesNotAnswerIsToldTheSecondAfterATime) {
  Bed bed;
  Link link(&bed);
  link.Greet();
  link.connection().Drain();
  link.Settle();
  EXPECT_THAT(link.peer().goaways(), SizeIs(1));
  EXPECT_EQ(link.ending(), std::nullopt);
  bed.clock.Advance(bed.settings.drain_timeout);
  link.Settle();
  EXPECT_THAT(link.peer().goaways(), SizeIs(2));
  EXPECT_EQ(link.ending(), Ending::kDone);
}

// After its number the stream would be tried again elsewhere: it must not run here too.
TEST(DrainTest, AStreamThatCrossesTheSecondGoAwayIsNotRun) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  link.connection().Drain();
  link.Settle();
  link.Send(absl::StrCat(PingAck(), GetFrame(3, "/hello")));
  ASSERT_THAT(link.peer().goaways(), SizeIs(2));
  const bool was_run = bed.site.begun.size() > 1;
  EXPECT_EQ(was_run, link.peer().goaways()[1].last_stream >= 3);
  EXPECT_EQ(link.response(3).body, was_run ? "hello" : "");
  link.Send(DataFrame(1, "one", kEndStream));
  EXPECT_EQ(link.response(1).body, "one");
  EXPECT_TRUE(link.peer().closed());
}

TEST(DrainTest, BeforeTheClientSpoke) {
  for (const std::size_t said : {std::size_t{0}, std::size_t{5}, kPreface.size()}) {
    Bed bed;
    Link link(&bed);
    const std::string bytes = absl::StrCat(Greeting(), GetFrame(1, "/hello"));
    link.Send(absl::string_view(bytes).substr(0, said));
    link.connection().Drain();
    link.Settle();
    link.Send(absl::string_view(bytes).substr(said));
    EXPECT_TRUE(link.connection().draining()) << said;
    EXPECT_EQ(link.response(1).body, "hello");
    for (int i = 0; i < 2; ++i) {  // of the drain, and of waiting for the client to close
      bed.clock.Advance(bed.settings.drain_timeout);
      link.Settle();
    }
    EXPECT_EQ(link.ending(), Ending::kDone) << said;
  }
}

TEST(DrainTest, OneThatNeverSpeaksEndsWithItsHandshake) {
  Bed bed;
  Link link(&bed);
  link.Send(kPreface);
  link.connection().Drain();
  bed.clock.Advance(bed.settings.handshake_timeout);
  link.Settle();
  EXPECT_EQ(link.ending(), Ending::kNeverSpoke);
}

TEST(EndTest, TheApplicationAsks) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/hold"), PostFrame(3, "/echo")));
  link.connection().End();
  link.connection().End();
  link.Settle();
  EXPECT_EQ(link.ending(), Ending::kAsked);
  EXPECT_TRUE(link.connection().ended());
  EXPECT_TRUE(link.peer().closed());
  EXPECT_EQ(link.connection().open_streams(), 0);
  EXPECT_THAT(bed.site.done, SizeIs(2));
  link.connection().Drain();
  link.connection().End();
  link.Settle();
}

TEST(EndTest, WhatWasQueuedIsSent) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  bed.site.page("/echo")->Write("last words");
  link.connection().End();
  link.Settle();
  EXPECT_EQ(link.response(1).body, "last words");
}

TEST(EndTest, TheClientLeaves) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/hold"));
  link.peer().Leave();
  link.Settle();
  EXPECT_EQ(link.ending(), Ending::kPeerLeft);
  EXPECT_THAT(bed.site.done, ElementsAre("/hold"));
}

TEST(EndTest, TheClientLeavesWhileAnExchangeHasMoreToDo) {
  Bed bed;
  Link link(&bed);
  link.Greet();
  link.peer().Send(GetFrame(1, "/busy/10"));
  link.peer().Push();
  bed.Turn();
  link.peer().Leave();
  link.Settle();
  EXPECT_EQ(link.ending(), Ending::kPeerLeft);
}

TEST(EndTest, TheClientSaysGoAway) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/echo"), GoAwayFrame(0, kNoError)));
  EXPECT_EQ(link.ending(), std::nullopt);
  link.Send(DataFrame(1, "last", kEndStream));
  EXPECT_EQ(link.response(1).body, "last");
  EXPECT_EQ(link.ending(), Ending::kPeerLeft);
}

TEST(EndTest, AnExchangeMayWakeItselfWhileItEnds) {
  Bed bed;
  bed.site.wakes_at_the_end = true;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/hold"), PostFrame(3, "/hold"), PostFrame(5, "/hold")));
  link.Send(absl::StrCat(ResetFrame(1), ResetFrame(3)));
  link.Send(GetFrame(7, "/hello"));
  EXPECT_EQ(link.response(7).body, "hello");
  link.connection().End();
  link.Settle();
  EXPECT_THAT(bed.site.done, SizeIs(4));
}

TEST(EndTest, OneThatIsDestroyedEndsItsStreams) {
  Bed bed;
  {
    Link link(&bed);
    link.Greet(PostFrame(1, "/hold"));
  }
  EXPECT_THAT(bed.site.done, ElementsAre("/hold"));
  EXPECT_EQ(bed.account.held(), 0);
}

struct Stranger {
  std::string bytes;
  Ending ending;
};

TEST(StrangerTest, IsNoticed) {
  for (const Stranger& stranger : {
           Stranger{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", Ending::kHttp1},
           Stranger{absl::StrCat("POST / HTTP/1.1\r\n\r\n", std::string(100'000, 'x')),
                    Ending::kHttp1},
           Stranger{std::string("\x16\x03\x01\x02\x00\x01", 6), Ending::kTls},
           Stranger{"SSH-2.0-OpenSSH", Ending::kNotHttp2},
           Stranger{std::string(1000, '\0'), Ending::kNotHttp2},
       }) {
    Bed bed;
    Link link(&bed);
    link.Send(stranger.bytes);
    EXPECT_EQ(link.ending(), stranger.ending) << stranger.bytes.substr(0, 20);
    EXPECT_TRUE(link.peer().closed());
    const bool was_told = stranger.ending == Ending::kHttp1;
    EXPECT_EQ(link.peer().bytes(), was_told ? AnswerToHttp1() : "");
    EXPECT_EQ(bed.site.spoke, 0);
    EXPECT_EQ(bed.account.held(), 0);
  }
}

}  // namespace
}  // namespace http2
