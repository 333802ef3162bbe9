// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/stream_history.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/http2/frames.h"

namespace http2 {
namespace {

using Verdict = StreamHistory::Verdict;

FrameHead Head(std::uint32_t stream, FrameType type, std::uint8_t flags = 0) {
  return {.length = 1, .type = type, .flags = flags, .stream = stream};
}

TEST(StreamHistoryTest, ManyWholeStreams) {
  StreamHistory history;
  for (std::uint32_t id = 1; id < 1000; id += 2) {
    ASSERT_EQ(history.Add(Head(id, kHeaders)), Verdict::kLegal) << id;
    ASSERT_EQ(history.Add(Head(id, kData)), Verdict::kLegal) << id;
    ASSERT_EQ(history.Add(Head(id, kHeaders, kEndStream)), Verdict::kLegal) << id;  // trailers
    ASSERT_EQ(history.Add(Head(id, kWindowUpdate)), Verdict::kLegal) << id;
    ASSERT_EQ(history.Add(Head(id, kPriority)), Verdict::kLegal) << id;
    ASSERT_EQ(history.Add(Head(id, kRstStream)), Verdict::kLegal) << id;
    ASSERT_EQ(history.Add(Head(id, kRstStream)), Verdict::kLegal) << id;
  }
}

TEST(StreamHistoryTest, StreamsSideBySide) {
  StreamHistory history;
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t id = 1; id < 1000; id += 6) {
      ASSERT_EQ(history.Add(Head(id, round == 0 ? kHeaders : kData)), Verdict::kLegal) << id;
    }
  }
}

TEST(StreamHistoryTest, WhatWasEndedHasNoMore) {
  for (const FrameType more : {kData, kHeaders}) {
    StreamHistory history;
    ASSERT_EQ(history.Add(Head(1, kHeaders)), Verdict::kLegal);
    ASSERT_EQ(history.Add(Head(1, kData, kEndStream)), Verdict::kLegal);
    EXPECT_EQ(history.Add(Head(1, more)), Verdict::kConnectionError);
    EXPECT_EQ(history.error_code(), kStreamClosed);
  }
}

TEST(StreamHistoryTest, WhatWasResetHasNoMore) {
  for (const FrameType more : {kData, kHeaders}) {
    StreamHistory history;
    ASSERT_EQ(history.Add(Head(1, kHeaders, kEndStream)), Verdict::kLegal);
    ASSERT_EQ(history.Add(Head(1, kRstStream)), Verdict::kLegal);
    EXPECT_EQ(history.Add(Head(1, more)), Verdict::kStreamError);
    EXPECT_EQ(history.Add(Head(3, kHeaders)), Verdict::kLegal);
  }
}

TEST(StreamHistoryTest, WhatWasSkippedIsNeverOpened) {
  for (const std::uint32_t skipped : {3U, 63U, 65U, 67U, 97U}) {
    StreamHistory history;
    ASSERT_EQ(history.Add(Head(1, kHeaders)), Verdict::kLegal);
    ASSERT_EQ(history.Add(Head(99, kHeaders)), Verdict::kLegal);
    EXPECT_EQ(history.Add(Head(skipped, kHeaders)), Verdict::kConnectionError) << skipped;
    EXPECT_EQ(history.error_code(), kProtocolError);
  }
}

TEST(StreamHistoryTest, OldStreamsAreForgotten) {
  StreamHistory history;
  ASSERT_EQ(history.Add(Head(1, kHeaders, kEndStream)), Verdict::kLegal);
  const std::uint32_t latest = 1 + 2 * StreamHistory::kStreams;
  ASSERT_EQ(history.Add(Head(latest, kHeaders)), Verdict::kLegal);
  EXPECT_EQ(history.Add(Head(1, kData)), Verdict::kLegal);
  EXPECT_EQ(history.Add(Head(1, kRstStream)), Verdict::kLegal);
  EXPECT_EQ(history.Add(Head(latest, kData)), Verdict::kLegal);
}

TEST(StreamHistoryTest, WhatNghttp2Refuses) {
  StreamHistory history;
  for (const FrameType type : {kData, kRstStream}) {
    EXPECT_EQ(history.Add(Head(1, type)), Verdict::kLegal);  // idle
    EXPECT_EQ(history.Add(Head(0, type)), Verdict::kLegal);
    EXPECT_EQ(history.Add(Head(2, type)), Verdict::kLegal);
  }
  EXPECT_EQ(history.Add(Head(1, kHeaders)), Verdict::kLegal);
}

TEST(StreamHistoryTest, AResetOfAStreamThatIsNotOpenedYetIsNothing) {
  StreamHistory history;
  ASSERT_EQ(history.Add(Head(1, kHeaders, kEndStream)), Verdict::kLegal);
  EXPECT_EQ(history.Add(Head(3, kRstStream)), Verdict::kNothing);
  EXPECT_EQ(history.Add(Head(7, kRstStream)), Verdict::kNothing);
  EXPECT_EQ(history.Add(Head(4, kRstStream)), Verdict::kLegal);  // which nghttp2 refuses
  EXPECT_EQ(history.Add(Head(3 + 2 * StreamHistory::kStreams, kRstStream)), Verdict::kLegal);
  EXPECT_EQ(history.Add(Head(5, kHeaders, kEndStream)), Verdict::kLegal);
}

TEST(StreamHistoryTest, PriorityOfTheConnectionItself) {
  StreamHistory history;
  EXPECT_EQ(history.Add(Head(0, kPriority)), Verdict::kConnectionError);
  EXPECT_EQ(history.error_code(), kProtocolError);
}

}  // namespace
}  // namespace http2
