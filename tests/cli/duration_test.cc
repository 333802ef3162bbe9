// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/duration.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace udsecho::cli {
namespace {

using ::support::StatusIs;
using ::testing::HasSubstr;

TEST(DurationTest, TakesUnitsAndBareSeconds) {
  EXPECT_EQ(*ParseDuration("--x", "10s"), absl::Seconds(10));
  EXPECT_EQ(*ParseDuration("--x", "500ms"), absl::Milliseconds(500));
  EXPECT_EQ(*ParseDuration("--x", "1m30s"), absl::Seconds(90));
  EXPECT_EQ(*ParseDuration("--x", "0.5"), absl::Milliseconds(500));
  EXPECT_EQ(*ParseDuration("--x", "-1"), absl::Seconds(-1));
  EXPECT_EQ(*ParseDuration("--x", "inf"), absl::InfiniteDuration());
}

TEST(DurationTest, RefusesTheRestByName) {
  for (const char* text : {"", "ten", "10 apples", "s", "nan", "1s2"}) {
    EXPECT_THAT(ParseDuration("--grace", text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--grace")))
        << text;
  }
}

TEST(DurationTest, WithinARange) {
  const absl::Duration most = absl::Milliseconds(10);
  EXPECT_EQ(ParseDurationWithin("--t", "10ms", absl::ZeroDuration(), most).value(), most);
  EXPECT_THAT(ParseDurationWithin("--t", "1s", absl::ZeroDuration(), most),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("10ms")));
  EXPECT_FALSE(ParseDurationWithin("--t", "-1ns", absl::ZeroDuration(), most).ok());
}

}  // namespace
}  // namespace udsecho::cli
