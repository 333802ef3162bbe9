// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How many streams there may be, how long their headers, and how they end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "http2/first_bytes.h"
#include "tests/http2/bed.h"

namespace http2 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StreamsTest, TheLimitsAreAnnounced) {
  Bed bed;
  bed.settings.max_streams = 0x01020304;
  bed.settings.max_header_bytes = 12'345;
  Link link(&bed);
  link.Greet();
  EXPECT_EQ(link.peer().settings().at(kMaxConcurrentStreams), 0x01020304);
  EXPECT_EQ(link.peer().settings().at(kMaxHeaderListSize), 12'345);
}

TEST(StreamsTest, OneTooManyIsRefusedAlone) {
  Bed bed;
  bed.settings.max_streams = 2;
  Link link(&bed);
  // Before the client has seen the limit, and after.
  link.Send(absl::StrCat(kPreface, SettingsFrame({}), PostFrame(1, "/echo"), PostFrame(3, "/echo"),
                         PostFrame(5, "/echo")));
  EXPECT_EQ(link.response(5).reset, kRefusedStream);
  EXPECT_EQ(link.response(5).resets, 1);
  link.Send(absl::StrCat(SettingsAck(), DataFrame(5, "for nobody"), PostFrame(7, "/echo"),
                         DataFrame(1, "one", kEndStream)));
  EXPECT_EQ(link.response(7).reset, kRefusedStream);
  EXPECT_EQ(link.response(1).body, "one");
  link.Send(GetFrame(9, "/hello"));
  EXPECT_EQ(link.response(9).body, "hello");
  link.Send(DataFrame(3, "three", kEndStream));
  EXPECT_EQ(link.response(3).body, "three");
  EXPECT_THAT(bed.site.begun, ElementsAre("/echo", "/echo", "/hello"));
  EXPECT_EQ(link.connection().open_streams(), 0);
}

TEST(StreamsTest, OneThatWasCancelledMakesRoomAtOnce) {
  Bed bed;
  bed.settings.max_streams = 1;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/hold"), ResetFrame(1), GetFrame(3, "/hello")));
  EXPECT_EQ(link.response(3).body, "hello");
}

TEST(StreamsTest, ACancelledStreamIsOver) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/hold"));
  link.Send(ResetFrame(1));
  EXPECT_THAT(bed.site.done, ElementsAre("/hold"));
  EXPECT_EQ(link.response(1).reset, std::nullopt);
  link.Send(absl::StrCat(DataFrame(1, "late"), GetFrame(3, "/hello")));
  EXPECT_EQ(link.response(1).reset, kStreamClosed);
  EXPECT_EQ(link.response(3).body, "hello");
}

TEST(StreamsTest, MoreOfACancelledStreamIsAnErrorOfThatStream) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/hold"), ResetFrame(1), DataFrame(1, "late"),
                          PostFrame(3, "/hold"), ResetFrame(3),
                          HeadersFrame(3, {{"late", "1"}}, kEndHeaders | kEndStream),
                          GetFrame(5, "/hello")));
  EXPECT_EQ(link.response(1).reset, kStreamClosed);
  EXPECT_EQ(link.response(3).reset, kStreamClosed);
  EXPECT_EQ(link.response(5).body, "hello");
  EXPECT_EQ(link.ending(), std::nullopt);
}

TEST(StreamsTest, AnEarlyResponseStopsTheRequest) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/early"), DataFrame(1, "much")));
  EXPECT_EQ(link.response(1).status(), "403");
  EXPECT_EQ(link.response(1).body, "no");
  EXPECT_TRUE(link.response(1).ended);
  EXPECT_EQ(link.response(1).reset, kNoError);
  link.Send(absl::StrCat(DataFrame(1, "more"), DataFrame(1, "", kEndStream), ResetFrame(1)));
  EXPECT_EQ(link.response(1).resets, 1);
  EXPECT_EQ(link.response(1).after_the_end, 0);
  EXPECT_EQ(link.connection().open_streams(), 0);
  EXPECT_EQ(link.ending(), std::nullopt);
}

TEST(StreamsTest, AnExchangeMayResetItsStream) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  Stream& stream = bed.site.page("/echo")->stream();
  stream.Reset(kCancel);
  bed.site.page("/echo")->Write("too late");
  stream.End();
  link.Settle();
  EXPECT_EQ(link.response(1).reset, kCancel);
  EXPECT_EQ(link.response(1).body, "");
  EXPECT_EQ(link.response(1).after_the_end, 0);
  EXPECT_THAT(bed.site.done, ElementsAre("/echo"));
}

TEST(StreamsTest, SharedBytesAreNotWrittenOver) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/echo"), PostFrame(3, "/echo")));
  // Sent to both, with room behind that belongs to neither.
  Buffer shared = Buffer::New(&bed.account, 10'000);
  std::memset(shared.end(), 's', 3000);
  shared.Extend(3000);
  Page* const second = bed.site.page("/echo");
  std::vector<Page*> pages = bed.site.Pages();
  ASSERT_EQ(pages.size(), 2);
  for (Page* page : pages) page->stream().Send(shared);
  for (Page* page : pages) page->Write(page == second ? "second" : "first!");
  EXPECT_EQ(shared.size(), 3000);
  link.Settle();
  EXPECT_EQ(link.response(1).body, std::string(3000, 's') + "first!");
  EXPECT_EQ(link.response(3).body, std::string(3000, 's') + "second");
}

TEST(StreamsTest, AResponsesHeaderThatCannotBeSentEndsItsStream) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/hold"), PostFrame(3, "/hold")));
  const std::string long_value(100'000, 'v');
  std::vector<Page*> pages = bed.site.Pages();
  pages[0]->stream().Respond({{":status", "200"}, {"a", long_value}}, Stream::kNoBody);
  link.Settle();
  EXPECT_TRUE(link.response(1).reset.has_value());
  EXPECT_THAT(bed.site.done, ElementsAre("/hold"));
  EXPECT_EQ(link.connection().open_streams(), 1);
}

TEST(StreamsTest, AHeaderThatIsTooLongMayBeRefused) {
  Bed bed;
  bed.settings.max_header_bytes = 1000;
  Link link(&bed);
  // What counts is RFC 9113's sum: 32 for each field.
  Headers within = Get("/hello");
  std::size_t sum = 0;
  for (const auto& [name, value] : within) sum += name.size() + value.size() + 32;
  within.emplace_back("x", std::string(1000 - sum - 33, 'x'));
  Headers beyond = within;
  beyond.back().second += 'x';
  link.Greet(absl::StrCat(HeadersFrame(1, within, kEndHeaders | kEndStream),
                          HeadersFrame(3, beyond, kEndHeaders | kEndStream)));
  EXPECT_EQ(link.response(1).status(), "200");
  EXPECT_EQ(link.response(3).status(), "431");
  EXPECT_THAT(bed.site.begun, ElementsAre("/hello", ""));  // it is not kept
}

// A thousand references of one byte each to a field of 4000.
std::string Bomb(std::uint32_t stream, int references) {
  std::string block = HeaderBlock(Get("/hello"));
  block += '\x40';  // with incremental indexing (RFC 7541, 6.2.1)
  block += HeaderBlock({{"bomb", std::string(3900, 'b')}}).substr(1);
  block += std::string(static_cast<std::size_t>(references), '\xbe');
  return FrameOf(kHeaders, kEndHeaders | kEndStream, stream, block);
}

TEST(StreamsTest, AHeaderFarTooLongEndsTheConnection) {
  Bed bed;
  Link link(&bed);
  link.Greet();
  const std::int64_t before = bed.account.held();
  link.Send(Bomb(1, 1000));
  EXPECT_EQ(link.ending(), Ending::kFlooded);
  EXPECT_EQ(link.peer().goaway_code(), kEnhanceYourCalm);
  EXPECT_TRUE(link.peer().closed());
  EXPECT_THAT(bed.site.begun, IsEmpty());
  EXPECT_EQ(bed.account.held(), 0);
  EXPECT_GT(before, 0);
}

TEST(StreamsTest, TrailersFarTooLongEndTheConnection) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/hold"));
  const std::string bomb = Bomb(1, 1000);
  const std::size_t request = HeaderBlock(Get("/hello")).size();
  link.Send(
      FrameOf(kHeaders, kEndHeaders | kEndStream, 1, absl::string_view(bomb).substr(9 + request)));
  EXPECT_EQ(link.ending(), Ending::kFlooded);
}

TEST(StreamsTest, ABombInARefusedStreamCostsNothing) {
  Bed bed;
  bed.settings.max_streams = 1;
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  const std::int64_t before = bed.account.held();
  link.Send(Bomb(3, 10'000));
  EXPECT_EQ(link.response(3).reset, kRefusedStream);
  EXPECT_LT(bed.account.held() - before, 20'000);
  link.Send(DataFrame(1, "on", kEndStream));
  EXPECT_EQ(link.response(1).body, "on");
}

}  // namespace
}  // namespace http2
