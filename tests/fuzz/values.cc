// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a person types as the value of a flag: durations, sizes, numbers, metadata, the address.

#include "client/command_line/values.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "cli/duration.h"
#include "cli/integer.h"
#include "cli/size.h"
#include "cli/utf8.h"
#include "client/target.h"
#include "tests/fuzz/printable.h"

namespace udsecho::fuzz {
namespace {

void CheckValues(const std::string& text) {
  const auto duration = cli::ParseDuration("--x", text);
  if (duration.ok()) {
    // What is shown can be typed.
    const auto again = cli::ParseDuration("--x", absl::FormatDuration(*duration));
    EXPECT_TRUE(again.ok() && *again == *duration) << text << ": " << *duration;
  }
  const auto size = cli::ParseSize("--x", text);
  if (size.ok()) {
    EXPECT_GE(*size, 0);
    EXPECT_EQ(*cli::ParseSize("--x", cli::FormatSize(*size)), *size);
  }
  const auto small = client::ParseSize("--x", text, 1 << 20);
  if (small.ok()) {
    EXPECT_TRUE(*small >= 0 && *small <= 1 << 20);
  }
  const auto number = cli::ParseInteger("--x", text, -5, 1000);
  if (number.ok()) {
    EXPECT_TRUE(*number >= -5 && *number <= 1000);
  }
  const auto rate = client::ParseRate(text);
  if (rate.ok()) {
    EXPECT_TRUE(rate->to > 0 && rate->to <= 1e7);
    if (rate->from.has_value()) {
      EXPECT_TRUE(*rate->from > 0 && *rate->from <= 1e7);
      EXPECT_GT(rate->over, absl::ZeroDuration());
    }
  }
  client::ParseMetadata(text).IgnoreError();
  const auto target = client::Target::Parse(text);
  EXPECT_TRUE(
      IsPrintableLine(target.ok() ? target->name() : std::string(target.status().message())))
      << target.status();
  EXPECT_EQ(cli::FindInvalidUtf8(text) == absl::string_view::npos, IsUtf8(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  CheckValues({reinterpret_cast<const char*>(data), size});
  return 0;
}

}  // namespace udsecho::fuzz
