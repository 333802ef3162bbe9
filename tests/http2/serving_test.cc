// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Requests and their responses, as any client sends them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "http2/first_bytes.h"
#include "tests/http2/bed.h"

namespace http2 {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ServingTest, AGetHasItsAnswer) {
  Bed bed;
  Link link(&bed);
  link.Greet();
  EXPECT_EQ(bed.site.spoke, 1);
  EXPECT_TRUE(link.connection().spoke());
  link.Send(GetFrame(1, "/hello"));
  EXPECT_EQ(link.response(1).status(), "200");
  EXPECT_EQ(link.response(1).body, "hello");
  EXPECT_TRUE(link.response(1).ended);
  EXPECT_EQ(link.response(1).reset, std::nullopt);
  EXPECT_EQ(link.connection().open_streams(), 0);
  EXPECT_THAT(bed.site.done, ElementsAre("/hello"));
}

TEST(ServingTest, SettingsMayBeAcknowledgedInAdvance) {
  Bed bed;
  Link link(&bed);
  link.Send(absl::StrCat(kPreface, SettingsFrame({}), SettingsAck()));
  EXPECT_EQ(link.peer().Count(kSettings), 1);
  EXPECT_EQ(link.peer().Count(kSettings, kAck), 1);
  link.Send(SettingsAck());
  link.Send(GetFrame(1, "/hello"));
  EXPECT_EQ(link.response(1).body, "hello");
}

TEST(ServingTest, TrailersFollowTheBody) {
  Bed bed;
  Link link(&bed);
  link.Greet(GetFrame(1, "/trailers"));
  EXPECT_EQ(link.response(1).body, "hello");
  EXPECT_THAT(link.response(1).trailers, ElementsAre(Pair("how", "well")));
  EXPECT_TRUE(link.response(1).ended);
}

TEST(ServingTest, AHeaderAloneEndsTheStream) {
  Bed bed;
  Link link(&bed);
  link.Greet(GetFrame(1, "/empty"));
  EXPECT_EQ(link.response(1).status(), "204");
  EXPECT_TRUE(link.response(1).ended);
  EXPECT_EQ(link.peer().Count(kData), 0);
}

TEST(ServingTest, APostIsAnsweredAsItComes) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  EXPECT_EQ(link.response(1).status(), "200");
  link.Send(DataFrame(1, "one "));
  EXPECT_EQ(link.response(1).body, "one ");
  link.Send(DataFrame(1, "two"));
  EXPECT_EQ(link.response(1).body, "one two");
  EXPECT_FALSE(link.response(1).ended);
  // The request's trailers end it, and are of no use.
  link.Send(HeadersFrame(1, {{"x-checksum", "1"}}, kEndHeaders | kEndStream));
  EXPECT_TRUE(link.response(1).ended);
  EXPECT_EQ(link.response(1).reset, std::nullopt);
}

TEST(ServingTest, OneByteAtATime) {
  Bed bed;
  Link link(&bed);
  const std::string bytes = absl::StrCat(Greeting(), PostFrame(1, "/echo"), DataFrame(1, "hello"),
                                         DataFrame(1, "", kEndStream));
  for (const char byte : bytes) {
    link.peer().Send({&byte, 1});
    link.peer().Push();
    bed.Turn();
  }
  link.Settle();
  EXPECT_EQ(link.response(1).body, "hello");
  EXPECT_TRUE(link.response(1).ended);
}

TEST(ServingTest, ManyStreamsAtOnce) {
  Bed bed;
  Link link(&bed);
  std::string bytes;
  for (std::uint32_t id = 1; id < 2000; id += 2) bytes += PostFrame(id, "/echo");
  for (std::uint32_t id = 1; id < 2000; id += 2) {
    bytes += DataFrame(id, absl::StrCat("stream ", id), kEndStream);
  }
  link.Greet(bytes);
  for (std::uint32_t id = 1; id < 2000; id += 2) {
    ASSERT_EQ(link.response(id).body, absl::StrCat("stream ", id));
    ASSERT_TRUE(link.response(id).ended);
    ASSERT_EQ(link.response(id).after_the_end, 0);
  }
  EXPECT_EQ(link.connection().open_streams(), 0);
}

TEST(ServingTest, PaddingAndPrioritiesMakeNoDifference) {
  Bed bed;
  Link link(&bed);
  const std::string block = HeaderBlock(Post("/echo"));
  link.Greet(absl::StrCat(
      PriorityFrame(3, 0),
      FrameOf(kHeaders, kEndHeaders | kPadded | kPriorityFlag, 1,
              absl::StrCat("\x03", FourBytes(0), "\x10", block, std::string(3, '\0')))));
  link.Send(PaddedDataFrame(1, "hello", 200));
  link.Send(PaddedDataFrame(1, "", 0));
  link.Send(PaddedDataFrame(1, " again", 0, kEndStream));
  EXPECT_EQ(link.response(1).body, "hello again");
  EXPECT_TRUE(link.response(1).ended);
}

TEST(ServingTest, AHeaderInPieces) {
  Bed bed;
  Link link(&bed);
  link.Greet();
  const std::string block = HeaderBlock(Get("/hello"));
  std::string bytes = FrameOf(kHeaders, kEndStream, 1, block.substr(0, 1));
  for (std::size_t i = 1; i + 1 < block.size() && i < 60; ++i) {
    bytes += FrameOf(kContinuation, 0, 1, block.substr(i, 1));
  }
  link.Send(absl::StrCat(bytes, FrameOf(kContinuation, kEndHeaders, 1, block.substr(60))));
  EXPECT_EQ(link.response(1).body, "hello");
}

TEST(ServingTest, TheApplicationMayRefuseAClientThatHasSpoken) {
  Bed bed;
  bed.site.welcome = false;
  Link link(&bed);
  link.Greet();
  EXPECT_EQ(link.ending(), Ending::kAsked);
  EXPECT_TRUE(link.peer().closed());
}

TEST(ServingTest, AnExchangeMayEndTheConnection) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(GetFrame(1, "/hold"), GetFrame(3, "/end"), GetFrame(5, "/hello")));
  EXPECT_EQ(link.ending(), Ending::kAsked);
  EXPECT_TRUE(link.peer().closed());
  EXPECT_EQ(bed.site.done.size(), bed.site.begun.size());
}

}  // namespace
}  // namespace http2
