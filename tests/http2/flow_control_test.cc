// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Windows, both ways (RFC 9113, 5.2).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/http2/bed.h"

namespace http2 {
namespace {

using ::testing::Each;
using ::testing::Le;

constexpr std::uint32_t kLargestWindow = (1U << 31) - 1;

TEST(FlowControlTest, AResponseStopsAtTheClientsWindows) {
  Bed bed;
  Link link(&bed);
  link.Greet(GetFrame(1, "/bytes/200000"));
  EXPECT_EQ(link.response(1).body.size(), kWindow);
  link.Send(WindowUpdateFrame(1, 10));  // the connection's is still empty
  EXPECT_EQ(link.response(1).body.size(), kWindow);
  link.Send(WindowUpdateFrame(0, 1));
  EXPECT_EQ(link.response(1).body.size(), kWindow + 1);
  link.Send(WindowUpdateFrame(0, 200'000));
  EXPECT_EQ(link.response(1).body.size(), kWindow + 10);
  link.Send(WindowUpdateFrame(1, 200'000));
  EXPECT_EQ(link.response(1).body.size(), 200'000);
  EXPECT_TRUE(link.response(1).ended);
}

TEST(FlowControlTest, WindowsOfAFewBytes) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(SettingsFrame({{kInitialWindowSize, 3}}), GetFrame(1, "/trailers")));
  EXPECT_EQ(link.response(1).body, "hel");
  link.Send(WindowUpdateFrame(1, 1));
  EXPECT_EQ(link.response(1).body, "hell");
  EXPECT_FALSE(link.response(1).ended);
  link.Send(WindowUpdateFrame(1, 1));
  EXPECT_EQ(link.response(1).body, "hello");
  EXPECT_EQ(link.response(1).trailers.size(), 1);
  EXPECT_TRUE(link.response(1).ended);
}

TEST(FlowControlTest, AnEndNeedsNoWindow) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(SettingsFrame({{kInitialWindowSize, 5}}), PostFrame(1, "/echo"),
                          DataFrame(1, "hello")));
  EXPECT_EQ(link.response(1).body, "hello");
  link.Send(DataFrame(1, "", kEndStream));
  EXPECT_TRUE(link.response(1).ended);
}

TEST(FlowControlTest, TrailersNeedNoWindow) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(SettingsFrame({{kInitialWindowSize, 5}}), PostFrame(1, "/echo/trailers"),
                          DataFrame(1, "hello")));
  EXPECT_EQ(link.response(1).body, "hello");
  link.Send(DataFrame(1, "", kEndStream));
  EXPECT_EQ(link.response(1).trailers.size(), 1);
  EXPECT_TRUE(link.response(1).ended);
}

TEST(FlowControlTest, TheInitialWindowChangesOpenStreams) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(SettingsFrame({{kInitialWindowSize, 10}}), GetFrame(1, "/bytes/1000")));
  EXPECT_EQ(link.response(1).body.size(), 10);
  link.Send(SettingsFrame({{kInitialWindowSize, 5}}));  // the window is -5 now
  link.Send(WindowUpdateFrame(1, 5));
  EXPECT_EQ(link.response(1).body.size(), 10);
  link.Send(WindowUpdateFrame(1, 1));
  EXPECT_EQ(link.response(1).body.size(), 11);
  link.Send(SettingsFrame({{kInitialWindowSize, 100'000}}));
  EXPECT_EQ(link.response(1).body.size(), 1000);
  EXPECT_TRUE(link.response(1).ended);
}

TEST(FlowControlTest, NoFrameIsLongerThanTheClientTakes) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(WindowUpdateFrame(0, 1'000'000),
                          SettingsFrame({{kInitialWindowSize, 1'000'000}, {kMaxFrameSize, 20'000}}),
                          GetFrame(1, "/bytes/300000")));
  EXPECT_EQ(link.response(1).body.size(), 300'000);
  EXPECT_THAT(link.response(1).data_lengths, Each(Le(20'000)));
}

TEST(FlowControlTest, TwoStreamsShareTheConnectionsWindow) {
  Bed bed;
  Link link(&bed);
  link.Greet(absl::StrCat(SettingsFrame({{kInitialWindowSize, kLargestWindow}}),
                          GetFrame(1, "/bytes/100000"), GetFrame(3, "/bytes/100000")));
  const std::size_t first = link.response(1).body.size();
  const std::size_t second = link.response(3).body.size();
  EXPECT_EQ(first + second, kWindow);
  EXPECT_GE(std::min(first, second), 16'000);
  while (!link.response(1).ended || !link.response(3).ended) {
    const std::size_t before = link.peer().bytes().size();
    link.Send(WindowUpdateFrame(0, 20'000));
    ASSERT_GT(link.peer().bytes().size(), before);
  }
  EXPECT_EQ(link.response(1).body.size(), 100'000);
  EXPECT_EQ(link.response(3).body.size(), 100'000);
}

TEST(FlowControlTest, TheClientsWindowOpensAsTheExchangeTakes) {
  Bed bed;
  bed.settings.stream_window_bytes = 100'000;
  Link link(&bed);
  link.Greet(PostFrame(1, "/hold"));
  EXPECT_EQ(link.peer().settings().at(kInitialWindowSize), 100'000);
  EXPECT_EQ(link.peer().window_updates(0) + kWindow, bed.settings.connection_window_bytes);
  for (int i = 0; i < 10; ++i) link.Send(DataFrame(1, std::string(10'000, 'x')));
  Page* const page = bed.site.page("/hold");
  ASSERT_EQ(page->received().size(), 100'000);
  EXPECT_EQ(link.peer().window_updates(1), 0);
  page->stream().Consume(90'000);
  link.Settle();
  EXPECT_EQ(link.peer().window_updates(1), 90'000);
  page->stream().Consume(0);
  page->stream().Consume(10'000);
  link.Settle();
  link.Send(DataFrame(1, std::string(10'000, 'x')));
  EXPECT_EQ(page->received().size(), 110'000);
}

TEST(FlowControlTest, BeyondTheWindowIsAnError) {
  Bed bed;
  bed.settings.stream_window_bytes = 100'000;
  Link link(&bed);
  link.Greet(PostFrame(1, "/hold"));
  for (int i = 0; i < 10; ++i) link.Send(DataFrame(1, std::string(10'000, 'x')));
  link.Send(DataFrame(1, "x"));
  const bool ended =
      link.response(1).reset == kFlowControlError || link.peer().goaway_code() == kFlowControlError;
  EXPECT_TRUE(ended);
}

TEST(FlowControlTest, AStalledStreamDoesNotStopAnother) {
  Bed bed;
  Link link(&bed);
  std::string bytes;
  // Ten windows that nobody takes from: together more than the connection's.
  for (std::uint32_t id = 1; id < 20; id += 2) {
    bytes += PostFrame(id, "/hold");
    for (std::uint32_t sent = 0; sent < bed.settings.stream_window_bytes; sent += 16'384) {
      bytes += DataFrame(id, std::string(16'384, 'x'));
    }
  }
  link.Greet(bytes);
  link.Send(absl::StrCat(PostFrame(21, "/echo"), DataFrame(21, "hello", kEndStream)));
  EXPECT_EQ(link.response(21).body, "hello");
  EXPECT_EQ(link.ending(), std::nullopt);
}

TEST(FlowControlTest, PaddingGivesItsWindowBack) {
  Bed bed;
  Link link(&bed);
  link.Greet(PostFrame(1, "/hold"));
  const std::string padding = PaddedDataFrame(1, "x", 255);
  for (int i = 0; i < 100; ++i) link.Send(Repeated(padding, 20));  // 514 KB
  EXPECT_EQ(bed.site.page("/hold")->received().size(), 2000);
  EXPECT_EQ(link.ending(), std::nullopt);
  EXPECT_EQ(link.response(1).reset, std::nullopt);
}

TEST(FlowControlTest, ManyResponsesThroughSmallWindowsAllArrive) {
  Bed bed;
  Link link(&bed);
  std::string bytes = SettingsFrame({{kInitialWindowSize, 1000}});
  for (std::uint32_t id = 1; id < 200; id += 2) {
    bytes += GetFrame(id, absl::StrCat("/bytes/", 1000 + 20 * id));
  }
  link.Greet(bytes);
  for (std::uint32_t id = 1; id < 200; id += 2) {
    link.Send(absl::StrCat(WindowUpdateFrame(0, 5000), WindowUpdateFrame(id, 5000)));
  }
  for (std::uint32_t id = 1; id < 200; id += 2) {
    ASSERT_EQ(link.response(id).body.size(), 1000 + 20 * id) << id;
    ASSERT_TRUE(link.response(id).ended) << id;
  }
}

}  // namespace
}  // namespace http2
