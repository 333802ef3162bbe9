// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Turns: of the connections of several uids, of a connection's exchanges, and of its streams.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/http2/bed.h"

namespace http2 {
namespace {

using ::testing::ElementsAre;

TEST(FairnessTest, AnExchangeThatHasMoreToDoGoesOn) {
  Bed bed;
  Link link(&bed);
  link.Greet(GetFrame(1, "/busy/20"));
  EXPECT_EQ(link.response(1).body, "done");
}

TEST(FairnessTest, OneThatIsWokenFromOutsideGoesOn) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/busy/20"));
  bed.site.page("/busy/20")->Start();
  link.Settle();
  EXPECT_EQ(link.response(1).body, "done");
}

TEST(FairnessTest, NothingIsReadWhileExchangesHaveMoreToDo) {
  Bed bed;
  Link link(&bed);
  link.Greet();
  link.peer().Send(GetFrame(1, "/busy/20"));
  link.peer().Push();
  bed.Turn();
  ASSERT_THAT(bed.site.begun, ElementsAre("/busy/20"));
  link.peer().Send(GetFrame(3, "/hello"));
  link.peer().Push();
  bed.Turn(3);
  EXPECT_THAT(bed.site.begun, ElementsAre("/busy/20"));
  link.Settle();
  EXPECT_EQ(link.response(1).body, "done");
  EXPECT_EQ(link.response(3).body, "hello");
}

TEST(FairnessTest, ExchangesTakeTurns) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(GetFrame(1, "/busy/1000"), GetFrame(3, "/busy/10")));
  link.Settle();
  for (int i = 0; i < 10; ++i) bed.Turn();
  link.Settle();
  EXPECT_EQ(link.response(3).body, "done");
  EXPECT_EQ(link.response(1).status(), "");
  link.Send(absl::StrCat(ResetFrame(1), GetFrame(5, "/hello")));
  bed.Turn(2000);
  link.Settle();
  EXPECT_EQ(link.response(5).body, "hello");
}

TEST(FairnessTest, AUidThatHadItsTurnWaitsForTheNextRound) {
  Bed bed;
  MemoryBudget::Holder other_uid;
  Account other_account(&bed.budget, &other_uid);
  Link first(&bed);
  Link second(&bed);
  Link other(&bed, &other_account);
  for (Link* link : {&first, &second, &other}) link->Greet();
  // Three milliseconds each, in one round.
  const auto ask = [](Link* link, absl::string_view path) {
    std::string bytes;
    for (std::uint32_t id = 1; id < 7; id += 2) bytes += GetFrame(id, path);
    link->peer().Send(bytes);
    link->peer().Push();
  };
  bed.site.begun.clear();
  ask(&first, "/busy/1");
  ask(&second, "/busy/1");
  ask(&other, "/hello");
  bed.Turn();
  EXPECT_EQ(bed.site.begun.size(), 6);  // of the other uid, and of one of this one's
  EXPECT_EQ(other.connection().open_streams(), 0);
  bed.Turn();
  EXPECT_EQ(bed.site.begun.size(), 9);
  for (Link* link : {&first, &second, &other}) link->Settle();
  for (Link* link : {&first, &second}) EXPECT_EQ(link->response(5).body, "done");
}

// The events of those that wait come after their turn without any: they must not miss each other.
TEST(FairnessTest, OneThatHadToWaitIsReadInTheNextRound) {
  Bed bed;
  Link busy(&bed);
  Link waits(&bed);
  busy.Greet();
  waits.Greet();
  for (std::uint32_t id = 1; id < 20; id += 2) {
    for (Link* link : {&busy, &waits}) {
      link->peer().Send(
          absl::StrCat(GetFrame(6 * id, "/busy/1").substr(0, 0), GetFrame(id, "/busy/3")));
      link->peer().Push();
    }
    bed.Turn(10);
    busy.Settle();
    waits.Settle();
    ASSERT_EQ(busy.response(id).body, "done") << id;
    ASSERT_EQ(waits.response(id).body, "done") << id;
  }
}

TEST(FairnessTest, ALongResponseLetsAnotherStreamThrough) {
  Bed bed;
  Link link(&bed);
  constexpr std::size_t kBytes = 20'000'000;
  link.Greet(absl::StrCat(WindowUpdateFrame(0, 1 << 30),
                          SettingsFrame({{kInitialWindowSize, (1U << 31) - 1}}),
                          GetFrame(1, absl::StrCat("/blob/", kBytes)), GetFrame(3, "/hello")));
  EXPECT_EQ(link.response(1).body.size(), kBytes);
  EXPECT_EQ(link.response(3).body, "hello");
  std::size_t before = 0;  // of the long one's bytes, when the other had ended
  for (const Received& frame : link.peer().frames()) {
    if (frame.type == kData && frame.stream == 3) break;
    if (frame.type == kData) before += frame.payload.size();
  }
  EXPECT_LT(before, 100'000);
}

TEST(FairnessTest, ALongResponseIsNoReasonNotToRead) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(WindowUpdateFrame(0, 1 << 30),
                          SettingsFrame({{kInitialWindowSize, (1U << 31) - 1}}),
                          GetFrame(1, "/bytes/50000000"), PostFrame(3, "/hold")));
  ASSERT_TRUE(link.response(1).ended);
  EXPECT_EQ(link.response(1).body.size(), 50'000'000);
}

}  // namespace
}  // namespace http2
