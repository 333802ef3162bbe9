// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What connections hold is counted, bounded, and given back to the last byte.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/http2/bed.h"

namespace http2 {
namespace {

constexpr std::uint32_t kLargestWindow = (1U << 31) - 1;

// Something of everything.
std::string Session() {
  std::string bytes = absl::StrCat(
      Greeting(), SettingsFrame({{kInitialWindowSize, 100'000}}), WindowUpdateFrame(0, 1'000'000),
      PostFrame(1, "/echo"), PostFrame(3, "/hold"), GetFrame(5, "/trailers"),
      GetFrame(7, "/bytes/50000"), PostFrame(9, "/early"), GetFrame(11, "/busy/5"), PingFrame(),
      DataFrame(1, std::string(3000, 'x')), DataFrame(3, std::string(16'000, 'x')),
      PaddedDataFrame(3, "x", 100), PriorityFrame(3, 1), FrameOf(0xee, 0, 0, "unknown"),
      HeadersFrame(13, Get("/hello", {{"connection", "close"}}), kEndHeaders | kEndStream),
      HeadersFrame(15, Get("/hello", {{"a", std::string(5000, 'a')}}), kEndHeaders | kEndStream),
      HeadersFrame(17, Get("/hello", {{"a", std::string(9000, 'a')}}), kEndHeaders | kEndStream),
      PostFrame(19, "/hold"), ResetFrame(19), SettingsFrame({{kInitialWindowSize, 10}}));
  for (std::uint32_t id = 21; id < 80; id += 2) bytes += GetFrame(id, "/hello");
  absl::StrAppend(&bytes, DataFrame(1, "end", kEndStream), WindowUpdateFrame(1, 100'000),
                  WindowUpdateFrame(7, 100'000));
  return bytes;
}

TEST(MemoryTest, AllIsGivenBack) {
  Bed bed;
  {
    Link idle(&bed);
    idle.Greet();
    const std::int64_t before = bed.account.held();
    EXPECT_GT(before, 10'000);
    EXPECT_LT(before, 60'000);
    {
      Link link(&bed);
      link.Send(Session());
      EXPECT_GT(bed.account.held(), before);
      EXPECT_EQ(link.response(79).body, "hello");
      link.connection().End();
      link.Settle();
      EXPECT_EQ(link.ending(), Ending::kAsked);
      EXPECT_EQ(bed.account.held(), before);
    }
    EXPECT_EQ(bed.account.held(), before);
    idle.Send(GetFrame(1, "/hello"));
    EXPECT_EQ(idle.response(1).body, "hello");
  }
  EXPECT_EQ(bed.account.held(), 0);
  EXPECT_EQ(bed.holder.bytes, 0);
}

TEST(MemoryTest, AConnectionThatIsDestroyedGivesAllBack) {
  Bed bed;
  {
    Link link(&bed);
    link.Send(Session());
  }
  EXPECT_EQ(bed.account.held(), 0);
}

TEST(MemoryTest, CallsLeaveNothingBehind) {
  Bed bed;
  Link link(&bed);
  link.Greet();
  std::int64_t after_some = 0;
  for (std::uint32_t call = 0; call < 2000; ++call) {
    const std::uint32_t id = 2 * call + 1;
    link.peer().Send(absl::StrCat(PostFrame(id, "/echo/trailers"),
                                  DataFrame(id, "hello", kEndStream), WindowUpdateFrame(0, 5)));
    link.peer().Push();
    link.SettleOnce();
    ASSERT_TRUE(link.response(id).ended) << call;
    if (call == 1000) after_some = bed.account.held();
  }
  EXPECT_EQ(bed.account.held(), after_some);
}

// Each allocation in turn is the one that is refused.
TEST(MemoryTest, WhateverIsRefusedNothingBreaks) {
  const std::string session = Session();
  bool was_whole = false;
  int no_memory = 0;
  for (std::int64_t bytes = 0; !was_whole; bytes += bytes < 100'000 ? 37 : 503) {
    ASSERT_LT(bytes, 4'000'000);
    Bed bed(bytes);
    {
      Link link(&bed);
      link.peer().Send(session);
      for (int i = 0; i < 9; ++i) {
        link.peer().Push();
        link.SettleOnce();
        if (i == 6) link.connection().Drain();
      }
      if (link.ending() == Ending::kNoMemory) ++no_memory;
      was_whole = link.response(79).body == "hello" && link.response(7).body.size() == 50'000 &&
                  link.response(15).status() == "200";
    }
    ASSERT_EQ(bed.account.held(), 0) << bytes;
    ASSERT_EQ(bed.holder.bytes, 0) << bytes;
    ASSERT_EQ(bed.site.begun.size(), bed.site.done.size()) << bytes;
  }
  EXPECT_GT(no_memory, 100);
}

TEST(MemoryTest, StreamsBeyondTheBoundAreRefusedAndTheOthersGoOn) {
  Bed bed(2'000'000);
  bed.settings.max_streams = 10'000;
  Link link(&bed);
  link.Greet(PostFrame(1, "/echo"));
  std::string bytes;
  for (std::uint32_t id = 3; id < 4000; id += 2) bytes += PostFrame(id, "/hold");
  link.Send(bytes);
  int refused = 0;
  for (std::uint32_t id = 3; id < 4000; id += 2) {
    if (link.response(id).reset == kRefusedStream) ++refused;
  }
  EXPECT_GT(refused, 500);
  EXPECT_LT(refused, 1800);
  EXPECT_EQ(link.ending(), std::nullopt);
  link.Send(DataFrame(1, "still here", kEndStream));
  EXPECT_EQ(link.response(1).body, "still here");
}

TEST(MemoryTest, AnotherUidFindsRoom) {
  Bed bed(2'000'000);
  bed.settings.max_streams = 100'000;
  MemoryBudget::Holder other_uid;
  Account other_account(&bed.budget, &other_uid);
  std::vector<std::unique_ptr<Link>> greedy;
  for (int i = 0; i < 100; ++i) {
    greedy.push_back(std::make_unique<Link>(&bed));
    std::string bytes;
    for (std::uint32_t id = 1; id < 200; id += 2) bytes += PostFrame(id, "/hold");
    greedy.back()->Greet(bytes);
  }
  Link other(&bed, &other_account);
  other.Greet(GetFrame(1, "/hello"));
  EXPECT_EQ(other.response(1).body, "hello");
  EXPECT_GT(bed.account.held(), 1'000'000);
}

TEST(MemoryTest, WindowsThatChangeOverManyStreamsHoldNoMore) {
  Bed bed;
  Link link(&bed);
  std::string bytes = absl::StrCat(SettingsFrame({{kInitialWindowSize, 0}}),
                                   WindowUpdateFrame(0, kLargestWindow - kWindow));
  for (std::uint32_t id = 1; id < 2000; id += 2) bytes += GetFrame(id, "/bytes/20000");
  link.Greet(bytes);
  const std::int64_t before = bed.account.held();
  for (int i = 0; i < 100; ++i) {
    link.peer().Send(SettingsFrame({{kInitialWindowSize, i % 2 == 0 ? 10'000U : 0U}}));
    link.SettleUnread();
  }
  EXPECT_LT(bed.account.held(), before + 1'000'000);
}

}  // namespace
}  // namespace http2
