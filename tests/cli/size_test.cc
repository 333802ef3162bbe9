// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/size.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace udsecho::cli {
namespace {

using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(SizeTest, TakesUnitsAndBareBytes) {
  EXPECT_EQ(*ParseSize("--x", "0"), 0);
  EXPECT_EQ(*ParseSize("--x", "4096"), 4096);
  EXPECT_EQ(*ParseSize("--x", "17B"), 17);
  EXPECT_EQ(*ParseSize("--x", "2kB"), 2000);
  EXPECT_EQ(*ParseSize("--x", "2KiB"), 2048);
  EXPECT_EQ(*ParseSize("--x", "4MB"), 4'000'000);
  EXPECT_EQ(*ParseSize("--x", "64MiB"), 67'108'864);
  EXPECT_EQ(*ParseSize("--x", "3GB"), 3'000'000'000);
  EXPECT_EQ(*ParseSize("--x", "3GiB"), 3'221'225'472);
  EXPECT_EQ(*ParseSize("--x", "9223372036854775807"), 9223372036854775807);
}

TEST(SizeTest, RefusesTheRestByName) {
  for (const char* text :
       {"", "MiB", "-1", "+1", "1.5MiB", "64 MiB", "64M", "64Mb", "64mib", "0x10", "inf", "nan",
        "1MiBx", " 1", "9223372036854775808", "8589934592GiB"}) {
    EXPECT_THAT(ParseSize("--max_memory", text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("--max_memory"), HasSubstr(text))))
        << text;
  }
}

TEST(SizeTest, IsWrittenInTheLargestUnitThatFits) {
  EXPECT_EQ(FormatSize(0), "0B");
  EXPECT_EQ(FormatSize(1500), "1500B");
  EXPECT_EQ(FormatSize(2048), "2KiB");
  EXPECT_EQ(FormatSize(4 << 20), "4MiB");
  EXPECT_EQ(FormatSize(int64_t{1} << 30), "1GiB");
  EXPECT_EQ(FormatSize((4 << 20) + 1), "4194305B");
}

}  // namespace
}  // namespace udsecho::cli
