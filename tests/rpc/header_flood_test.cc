// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/header_flood.h"

#include <gtest/gtest.h>

#include <string>

namespace rpc {
namespace {

std::string Frame(char type, std::size_t length, char fill = '\x7f') {
  std::string frame = {static_cast<char>(length >> 16),
                       static_cast<char>(length >> 8),
                       static_cast<char>(length),
                       type,
                       0,
                       0,
                       0,
                       0,
                       1};
  return frame.append(length, fill);
}

constexpr char kData = 0;
constexpr char kHeaders = 1;
constexpr char kContinuation = 9;

TEST(HeaderFloodTest, SeesAContinuationWhereverTheBytesBegin) {
  const std::string bytes = Frame(kHeaders, 5000) + Frame(kContinuation, 9000) +
                            Frame(kContinuation, 9000) + Frame(kContinuation, 9000).substr(0, 100);
  for (const std::size_t start : {0, 1, 100, 5000, 5009, 5010, 6000}) {
    EXPECT_TRUE(HasContinuation(absl::string_view(bytes).substr(start))) << start;
  }
}

TEST(HeaderFloodTest, SeesSmallOnes) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += Frame(kContinuation, 3);
  EXPECT_TRUE(HasContinuation(bytes));
  EXPECT_TRUE(HasContinuation(absl::string_view(bytes).substr(5)));
}

TEST(HeaderFloodTest, CallsAndMessagesAreNone) {
  std::string calls;
  for (int i = 0; i < 100; ++i) calls += Frame(kHeaders, 40) + Frame(kData, 70);
  // Of stream 9, whose number looks like the type of a frame that begins three bytes before it.
  std::string of_nine;
  for (int i = 0; i < 100; ++i) {
    std::string frame = Frame(kData, 9, '\0');
    frame[8] = 9;
    of_nine += frame;
  }
  EXPECT_FALSE(HasContinuation(of_nine));
  EXPECT_FALSE(HasContinuation(Frame(kHeaders, 40) + Frame(kContinuation, 40)));
  EXPECT_FALSE(HasContinuation(calls));
  EXPECT_FALSE(HasContinuation(absl::string_view(calls).substr(20)));
  EXPECT_FALSE(HasContinuation(Frame(kData, 16'384) + Frame(kData, 16'384)));
  EXPECT_FALSE(HasContinuation(std::string(30'000, '\0')));
  EXPECT_FALSE(HasContinuation(std::string(30'000, '\x09')));
  EXPECT_FALSE(HasContinuation(""));
}

}  // namespace
}  // namespace rpc
