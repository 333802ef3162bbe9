// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/integer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace udsecho::cli {
namespace {

using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(IntegerTest, WithinItsRange) {
  EXPECT_EQ(ParseInteger("--n", "1", 1, 64).value(), 1);
  EXPECT_EQ(ParseInteger("--n", "64", 1, 64).value(), 64);
  EXPECT_EQ(ParseInteger("--n", "-3", -5, 0).value(), -3);
}

TEST(IntegerTest, NamesTheFlagAndTheRange) {
  for (const char* bad : {"0", "65", "1.5", "one", "", "99999999999999999999"}) {
    EXPECT_THAT(ParseInteger("--n", bad, 1, 64),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("--n"), HasSubstr("from 1 to 64"))))
        << bad;
  }
}

}  // namespace
}  // namespace udsecho::cli
