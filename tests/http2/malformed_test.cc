// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What breaks HTTP/2's rules: a stream's end where it concerns one stream, else the connection's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "http2/first_bytes.h"
#include "tests/http2/bed.h"

namespace http2 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Malformed {
  std::string name;
  Headers headers;

  friend void PrintTo(const Malformed& malformed, std::ostream* to) { *to << malformed.name; }
};

Headers Without(const std::string& name) {
  Headers headers = Get("/hello");
  std::erase_if(headers, [&](const auto& field) { return field.first == name; });
  return headers;
}

const std::vector<Malformed>& All() {
  static const auto* const kAll = new std::vector<Malformed>{
      {"upper_case", Get("/hello", {{"X-Upper", "1"}})},
      {"connection", Get("/hello", {{"connection", "close"}})},
      {"transfer_encoding", Get("/hello", {{"transfer-encoding", "chunked"}})},
      {"te_other_than_trailers", Get("/hello", {{"te", "gzip"}})},
      {"two_paths", Get("/hello", {{":path", "/hello"}})},
      {"unknown_pseudo_header", Get("/hello", {{":status", "200"}})},
      {"late_pseudo_header", {{":method", "GET"}, {"a", "b"}, {":scheme", "http"}, {":path", "/"}}},
      {"no_path", Without(":path")},
      {"no_method", Without(":method")},
      {"no_scheme", Without(":scheme")},
      {"empty_path", {{":method", "GET"}, {":scheme", "http"}, {":path", ""}}},
      {"empty_name", Get("/hello", {{"", "1"}})},
      {"space_in_a_name", Get("/hello", {{"a b", "1"}})},
      {"line_feed_in_a_value", Get("/hello", {{"a", "b\nc"}})},
      {"zero_in_a_value", Get("/hello", {{"a", std::string("b\0c", 3)}})},
      {"body_shorter_than_content_length", Get("/hello", {{"content-length", "5"}})},
      {"content_length_of_letters", Get("/hello", {{"content-length", "0x0"}})},
      {"two_content_lengths", Get("/hello", {{"content-length", "0"}, {"content-length", "0"}})},
  };
  return *kAll;
}

class MalformedTest : public ::testing::TestWithParam<Malformed> {};

TEST_P(MalformedTest, EndsItsOwnStreamOnly) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(GetFrame(1, "/hold"),
                          HeadersFrame(3, GetParam().headers, kEndHeaders | kEndStream),
                          GetFrame(5, "/hello")));
  EXPECT_EQ(link.response(3).reset, kProtocolError);
  EXPECT_EQ(link.response(3).resets, 1);
  EXPECT_THAT(link.response(3).header, IsEmpty());
  EXPECT_THAT(bed.site.begun, ElementsAre("/hold", "/hello"));
  EXPECT_EQ(link.response(5).body, "hello");
  EXPECT_EQ(link.connection().open_streams(), 1);
  EXPECT_EQ(link.ending(), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(All, MalformedTest, ::testing::ValuesIn(All()),
                         [](const auto& info) { return info.param.name; });

TEST(MalformedBodyTest, ShorterThanItsContentLength) {
  Bed bed;
  Link link(&bed);
  link.Greet(HeadersFrame(1, Post("/hold", {{"content-length", "6"}}), kEndHeaders));
  link.Send(absl::StrCat(DataFrame(1, "hello", kEndStream), GetFrame(3, "/hello")));
  EXPECT_EQ(link.response(1).reset, kProtocolError);
  EXPECT_EQ(link.response(3).body, "hello");
}

TEST(MalformedBodyTest, LongerThanItsContentLength) {
  Bed bed;
  Link link(&bed);
  link.Greet(HeadersFrame(1, Post("/hold", {{"content-length", "3"}}), kEndHeaders));
  link.Send(absl::StrCat(DataFrame(1, "hello"), GetFrame(3, "/hello")));
  EXPECT_EQ(link.response(1).reset, kProtocolError);
  EXPECT_EQ(link.response(3).body, "hello");
  EXPECT_THAT(bed.site.done, ElementsAre("/hold", "/hello"));
}

TEST(MalformedBodyTest, TrailersThatDoNotEndTheStream) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(PostFrame(1, "/hold"), HeadersFrame(1, {{"a", "b"}}, kEndHeaders),
                          GetFrame(3, "/hello")));
  EXPECT_EQ(link.response(1).reset, kProtocolError);
  EXPECT_EQ(link.response(3).body, "hello");
}

TEST(MalformedBodyTest, TrailersThatNoFieldMayBe) {
  for (const char* const name : {":path", "connection", "Upper"}) {
    Bed bed;
    Link link(&bed);
    link.Greet(absl::StrCat(PostFrame(1, "/hold"),
                            HeadersFrame(1, {{name, "/"}}, kEndHeaders | kEndStream),
                            GetFrame(3, "/hello")));
    EXPECT_EQ(link.response(1).reset, kProtocolError) << name;
    EXPECT_EQ(link.response(3).body, "hello") << name;
  }
}

// What concerns the whole connection.
struct ConnectionError {
  std::string name;
  std::string bytes;

  friend void PrintTo(const ConnectionError& error, std::ostream* to) { *to << error.name; }
};

const std::vector<ConnectionError>& Errors() {
  static const auto* const kErrors = new std::vector<ConnectionError>{
      {"data_on_stream_0", DataFrame(0, "x")},
      {"data_on_an_idle_stream", DataFrame(99, "x")},
      {"even_stream", GetFrame(2, "/hello")},
      {"long_frame", FrameOf(kData, 0, 1, std::string(16'385, 'x'))},
      {"ping_of_seven_bytes", FrameOf(kPing, 0, 0, "1234567")},
      {"settings_on_a_stream", FrameOf(kSettings, 0, 1, "")},
      {"priority_of_stream_0", PriorityFrame(0, 1)},
      {"push_promise", FrameOf(5, kEndHeaders, 1, FourBytes(2))},
      {"window_beyond_2_31", WindowUpdateFrame(0, (1U << 31) - 1)},
      {"window_update_of_0", WindowUpdateFrame(0, 0)},
      {"bad_header_block", FrameOf(kHeaders, kEndHeaders | kEndStream, 5, "\xff\xff\xff\xff\xff")},
      {"continuation_of_nothing", FrameOf(kContinuation, kEndHeaders, 1, "")},
      {"reset_of_an_idle_stream", ResetFrame(99)},
      {"padding_longer_than_the_frame", FrameOf(kData, kPadded, 1, "\x05hi")},
      {"header_in_pieces_interrupted", absl::StrCat(FrameOf(kHeaders, 0, 5, ""), PingFrame())},
  };
  return *kErrors;
}

// As gRPC's C core resets a call whose deadline passes before its header leaves.
TEST(ResetBeforeTheHeaderTest, TouchesNoOtherStream) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  link.Send(absl::StrCat(ResetFrame(3), WindowUpdateFrame(0, 6), GetFrame(5, "/hello")));
  EXPECT_EQ(link.response(5).body, "hello");
  link.Send(DataFrame(1, "still here", kEndStream));
  EXPECT_EQ(link.response(1).body, "still here");
  EXPECT_EQ(link.ending(), std::nullopt);
  EXPECT_EQ(link.peer().Count(kRstStream), 0);
}

TEST(ResetBeforeTheHeaderTest, IsAnErrorOfWhoHasOpenedNoStream) {
  Bed bed;
  Link link(&bed);
  link.Greet();
  link.Send(ResetFrame(1));
  EXPECT_EQ(link.ending(), Ending::kMalformed);
}

TEST(ResetBeforeTheHeaderTest, DrawsOnTheBudget) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/hold"));
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += ResetFrame(3);
  link.Send(flood);
  EXPECT_EQ(link.ending(), Ending::kFlooded);
}

class ConnectionErrorTest : public ::testing::TestWithParam<ConnectionError> {};

TEST_P(ConnectionErrorTest, EndsTheConnectionAndItsStreams) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/hold"));
  link.Send(absl::StrCat(GetParam().bytes, GetFrame(7, "/hello")));
  ASSERT_EQ(link.peer().goaways().size(), 1);
  EXPECT_NE(link.peer().goaway_code(), kNoError);
  EXPECT_NE(link.peer().goaway_code(), kEnhanceYourCalm);
  EXPECT_EQ(link.ending(), Ending::kMalformed);
  EXPECT_TRUE(link.peer().closed());
  EXPECT_THAT(bed.site.begun, ElementsAre("/hold"));
  EXPECT_THAT(bed.site.done, ElementsAre("/hold"));
}

TEST_P(ConnectionErrorTest, IsOneWhileTheConnectionIsDrainedToo) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/hold"));
  link.connection().Drain();
  link.Settle();
  link.Send(absl::StrCat(PingFrame(std::string(8, '\0'), kAck), GetParam().bytes));
  EXPECT_EQ(link.ending(), Ending::kMalformed);
  EXPECT_TRUE(link.peer().closed());
}

INSTANTIATE_TEST_SUITE_P(All, ConnectionErrorTest, ::testing::ValuesIn(Errors()),
                         [](const auto& info) { return info.param.name; });

struct TooLate {
  std::string name;
  std::string bytes;
  std::uint32_t code;

  friend void PrintTo(const TooLate& late, std::ostream* to) { *to << late.name; }
};

class TooLateTest : public ::testing::TestWithParam<TooLate> {};

// When the stream has been answered and forgotten, as well.
TEST_P(TooLateTest, EndsTheConnection) {
  Bed bed;
  Link link(&bed);
  link.Greet(GetFrame(5, "/hello"));
  ASSERT_TRUE(link.response(5).ended);
  link.Send(GetParam().bytes);
  EXPECT_EQ(link.peer().goaway_code(), GetParam().code);
  EXPECT_EQ(link.ending(), Ending::kMalformed);
  EXPECT_THAT(bed.site.begun, ElementsAre("/hello"));
}

INSTANTIATE_TEST_SUITE_P(
    All, TooLateTest,
    ::testing::Values(TooLate{"data", DataFrame(5, "x"), kStreamClosed},
                      TooLate{"trailers", HeadersFrame(5, {{"a", "b"}}, kEndHeaders | kEndStream),
                              kStreamClosed},
                      TooLate{"stream_that_was_skipped", GetFrame(3, "/hello"), kProtocolError},
                      TooLate{"data_of_it", DataFrame(3, "x"), kProtocolError}),
    [](const auto& info) { return info.param.name; });

TEST(FirstFrameTest, MustBeSettings) {
  Bed bed;
  Link link(&bed);
  link.Send(absl::StrCat(kPreface, GetFrame(1, "/hello")));
  EXPECT_EQ(link.ending(), Ending::kMalformed);
  EXPECT_EQ(link.peer().goaway_code(), kProtocolError);
  EXPECT_EQ(bed.site.spoke, 0);
  EXPECT_THAT(bed.site.begun, IsEmpty());
}

}  // namespace
}  // namespace http2
