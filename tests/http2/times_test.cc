// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What time ends: handshakes, idleness, age, unread bytes, and clients that ask too often whether
// the server is there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "http2/first_bytes.h"
#include "tests/http2/bed.h"

namespace http2 {
namespace {

using ::testing::ElementsAre;

void Pass(Bed* bed, Link* link, absl::Duration duration) {
  bed->clock.Advance(duration);
  link->Settle();
}

TEST(HandshakeTest, EndsInTime) {
  for (const std::string& said : {std::string(), std::string("PRI"), std::string(kPreface),
                                  absl::StrCat(kPreface, SettingsFrame({}).substr(0, 5))}) {
    Bed bed;
    Link link(&bed);
    link.Send(said);
    Pass(&bed, &link, absl::Milliseconds(9'999));
    EXPECT_EQ(link.ending(), std::nullopt);
    Pass(&bed, &link, absl::Milliseconds(1));
    EXPECT_EQ(link.ending(), Ending::kNeverSpoke) << said;
    EXPECT_TRUE(link.peer().closed());
  }
}

TEST(HandshakeTest, WhoSpokeHasTime) {
  Bed bed;
  Link link(&bed);
  link.Greet();
  Pass(&bed, &link, absl::Hours(24 * 365));
  link.Send(GetFrame(1, "/hello"));
  EXPECT_EQ(link.response(1).body, "hello");
}

TEST(IdleTest, IsDrainedAfterMaxIdle) {
  Bed bed;
  bed.settings.max_idle = absl::Minutes(1);
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  Pass(&bed, &link, absl::Minutes(5));
  EXPECT_FALSE(link.connection().draining());  // it has a stream
  link.Send(DataFrame(1, "", kEndStream));
  Pass(&bed, &link, absl::Seconds(59));
  link.Send(PingFrame());
  EXPECT_FALSE(link.connection().draining());
  Pass(&bed, &link, absl::Seconds(1));
  EXPECT_TRUE(link.connection().draining());
  link.Send(PingFrame(std::string(8, '\0'), kAck));
  EXPECT_EQ(link.ending(), Ending::kDone);
}

TEST(IdleTest, OneThatAskedNothingIsIdle) {
  Bed bed;
  bed.settings.max_idle = absl::Minutes(1);
  Link link(&bed);
  link.Greet();
  Pass(&bed, &link, absl::Minutes(1));
  EXPECT_TRUE(link.connection().draining());
}

TEST(AgeTest, IsDrainedAtMaxAgeAndEndsAfterTheGrace) {
  Bed bed;
  bed.settings.max_age = absl::Hours(1);
  bed.settings.max_age_grace = absl::Minutes(1);
  Link link(&bed);
  link.Greet(PostFrame(1, "/hold"));
  Pass(&bed, &link, absl::Hours(1));
  EXPECT_TRUE(link.connection().draining());
  link.Send(PingFrame(std::string(8, '\0'), kAck));
  EXPECT_EQ(link.ending(), std::nullopt);
  Pass(&bed, &link, absl::Seconds(59));
  EXPECT_EQ(link.ending(), std::nullopt);
  Pass(&bed, &link, absl::Seconds(1));
  EXPECT_EQ(link.ending(), Ending::kAsked);
  EXPECT_THAT(bed.site.done, ElementsAre("/hold"));
}

TEST(AgeTest, OneThatIsDrainedAlreadyHasTheGraceToo) {
  Bed bed;
  bed.settings.max_age = absl::Hours(1);
  bed.settings.max_age_grace = absl::Minutes(1);
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  Pass(&bed, &link, absl::Minutes(59));
  link.connection().Drain();
  Pass(&bed, &link, absl::Minutes(1));
  EXPECT_EQ(link.ending(), std::nullopt);
  link.Send(DataFrame(1, "done", kEndStream));
  EXPECT_EQ(link.response(1).body, "done");
  link.peer().Leave();
  link.Settle();
  EXPECT_EQ(link.ending(), Ending::kDone);
}

class UnreadTest : public ::testing::Test {
 protected:
  UnreadTest() {
    link_.Greet(absl::StrCat(WindowUpdateFrame(0, 1 << 30),
                             SettingsFrame({{kInitialWindowSize, (1U << 31) - 1}})));
    link_.peer().Send(GetFrame(1, "/bytes/10000000"));
    link_.SettleUnread();
  }

  Bed bed_;
  Link link_{&bed_, nullptr, 4096};
};

TEST_F(UnreadTest, EndsAfterTheSendTimeout) {
  bed_.clock.Advance(absl::Milliseconds(29'999));
  link_.SettleUnread();
  EXPECT_EQ(link_.ending(), std::nullopt);
  bed_.clock.Advance(absl::Milliseconds(1));
  link_.SettleUnread();
  EXPECT_EQ(link_.ending(), Ending::kUnread);
  EXPECT_THAT(bed_.site.done, ElementsAre("/bytes/10000000"));
}

TEST_F(UnreadTest, WhatIsReadInBetweenGivesMoreTime) {
  for (int i = 0; i < 10; ++i) {
    bed_.clock.Advance(absl::Seconds(29));
    link_.peer().Pull(10'000);
    link_.SettleUnread();
    ASSERT_EQ(link_.ending(), std::nullopt) << i;
  }
  link_.Settle();
  EXPECT_EQ(link_.response(1).body.size(), 10'000'000);
  bed_.clock.Advance(absl::Hours(1));  // all was read
  link_.Settle();
  EXPECT_EQ(link_.ending(), std::nullopt);
}

TEST_F(UnreadTest, WhatNobodyReadsIsBounded) {
  EXPECT_LE(link_.connection().unsent(), 150'000);
  EXPECT_LE(bed_.account.held(), 500'000);
  const std::int64_t held = bed_.account.held();
  // And it is not made more by asking.
  for (std::uint32_t id = 3; id < 100; id += 2) {
    link_.peer().Send(absl::StrCat(GetFrame(id, "/bytes/1000000"), PingFrame()));
    link_.SettleUnread();
  }
  EXPECT_EQ(bed_.account.held(), held);
}

TEST_F(UnreadTest, AClientThatLeavesMeanwhileIsGone) {
  link_.peer().Leave();
  link_.SettleUnread();
  EXPECT_EQ(link_.ending(), Ending::kPeerLeft);
}

// A client whose windows are full before its socket is, and that is asked by a PING.
class HeldUpTest : public ::testing::Test {
 protected:
  HeldUpTest() {
    link_.Greet();
    link_.peer().Send(GetFrame(1, "/bytes/1000000"));
    link_.Settle();  // which opens no window
  }

  Bed bed_;
  Link link_{&bed_};
};

TEST_F(HeldUpTest, OneThatDoesNotReadEnds) {
  bed_.clock.Advance(absl::Seconds(15));
  link_.SettleUnread();
  bed_.clock.Advance(absl::Milliseconds(14'999));
  link_.SettleUnread();
  EXPECT_EQ(link_.ending(), std::nullopt);
  bed_.clock.Advance(absl::Milliseconds(1));
  link_.SettleUnread();
  EXPECT_EQ(link_.ending(), Ending::kUnread);
  EXPECT_THAT(bed_.site.done, ElementsAre("/bytes/1000000"));
}

TEST_F(HeldUpTest, OneThatReadsAndTakesItsTimeStays) {
  for (int i = 0; i < 20; ++i) {
    Pass(&bed_, &link_, absl::Seconds(15));
    const int asked = link_.peer().Count(kPing);
    ASSERT_EQ(asked, i + 1);
    link_.Send(PingFrame("reading?", kAck));
    ASSERT_EQ(link_.ending(), std::nullopt) << i;
  }
  link_.Send(absl::StrCat(WindowUpdateFrame(0, 1 << 30), WindowUpdateFrame(1, 1 << 30)));
  EXPECT_EQ(link_.response(1).body.size(), 1'000'000);
  Pass(&bed_, &link_, absl::Hours(1));  // and is not asked any more
  EXPECT_EQ(link_.peer().Count(kPing), 20);
  EXPECT_EQ(link_.ending(), std::nullopt);
}

TEST_F(HeldUpTest, AWindowThatOpensIsAnAnswerToo) {
  for (int i = 0; i < 10; ++i) {
    Pass(&bed_, &link_, absl::Seconds(29));
    link_.Send(absl::StrCat(WindowUpdateFrame(0, 1000), WindowUpdateFrame(1, 1000)));
    ASSERT_EQ(link_.ending(), std::nullopt) << i;
  }
}

TEST_F(HeldUpTest, ItsAnswerIsNotThatOfADrain) {
  Pass(&bed_, &link_, absl::Seconds(15));
  link_.connection().Drain();
  link_.Send(PingFrame("reading?", kAck));
  EXPECT_EQ(link_.peer().goaways().size(), 1);  // the notice
  link_.Send(PingFrame("00000000", kAck));
  EXPECT_EQ(link_.peer().goaways().size(), 2);
}

class PingTest : public ::testing::Test {
 protected:
  PingTest() { bed_.settings.min_ping_interval = absl::Minutes(5); }

  Bed bed_;
};

TEST_F(PingTest, EveryPingIsAnswered) {
  bed_.settings.min_ping_interval = absl::ZeroDuration();
  Link link(&bed_);
  link.Greet();
  for (int i = 0; i < 100; ++i) link.Send(PingFrame("12345678"));
  EXPECT_EQ(link.peer().Count(kPing, kAck), 100);
  EXPECT_EQ(link.peer().frames().back().payload, "12345678");
}

TEST_F(PingTest, TheThirdThatComesTooSoonEndsTheConnection) {
  Link link(&bed_);
  link.Greet();
  for (int i = 0; i < 2; ++i) link.Send(PingFrame());
  EXPECT_EQ(link.ending(), std::nullopt);
  link.Send(PingFrame());
  EXPECT_EQ(link.ending(), Ending::kTooManyPings);
  ASSERT_EQ(link.peer().goaways().size(), 1);
  EXPECT_EQ(link.peer().goaways()[0].code, kEnhanceYourCalm);
  EXPECT_EQ(link.peer().goaways()[0].text, "too_many_pings");
}

TEST_F(PingTest, OnesInTimeDoNot) {
  Link link(&bed_);
  link.Greet();
  for (int i = 0; i < 10; ++i) {
    Pass(&bed_, &link, absl::Minutes(5));
    link.Send(PingFrame());
  }
  EXPECT_EQ(link.ending(), std::nullopt);
}

TEST_F(PingTest, WithoutAStreamNoneMayBeAllowed) {
  bed_.settings.pings_when_idle = false;
  Link link(&bed_);
  link.Greet();
  for (int i = 0; i < 3; ++i) {
    Pass(&bed_, &link, absl::Hours(1));
    link.Send(PingFrame());
  }
  EXPECT_EQ(link.ending(), Ending::kTooManyPings);
}

TEST_F(PingTest, ThoseThatComeWithRequestsDoNotCount) {
  Link link(&bed_);
  link.Greet();
  for (std::uint32_t id = 1; id < 40; id += 2) {
    link.Send(absl::StrCat(GetFrame(id, "/hello"), PingFrame()));
  }
  EXPECT_EQ(link.ending(), std::nullopt);
}

// Clients measure their bandwidth so (grpc-go, gRPC C++), with each message they get.
TEST_F(PingTest, ThoseThatComeWithMessagesDoNotCount) {
  Link link(&bed_);
  link.Greet(PostFrame(1, "/echo"));
  for (int i = 0; i < 20; ++i) {
    link.Send(DataFrame(1, "hello"));
    link.Send(PingFrame());
  }
  EXPECT_EQ(link.ending(), std::nullopt);
}

TEST_F(PingTest, ThoseThatComeWithWhatIsReceivedDoNotCount) {
  Link link(&bed_);
  link.Greet(GetFrame(1, "/bytes/1000000"));
  for (int i = 0; i < 20; ++i) {
    link.Send(absl::StrCat(WindowUpdateFrame(0, 10'000), WindowUpdateFrame(1, 10'000)));
    link.Send(PingFrame());
  }
  EXPECT_EQ(link.ending(), std::nullopt);
}

}  // namespace
}  // namespace http2
