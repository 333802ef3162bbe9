// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The client's command line (an argument a line of the input), and the values that a person types.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "cli/duration.h"
#include "cli/size.h"
#include "cli/utf8.h"
#include "client/command_line/parse.h"
#include "client/command_line/values.h"
#include "client/target.h"
#include "tests/fuzz/printable.h"

namespace udsecho::fuzz {
namespace {

void CheckOptions(const client::Options& options) {
  for (const std::string& message : options.messages) EXPECT_TRUE(IsUtf8(message));
  EXPECT_GT(options.call.timeout, absl::ZeroDuration());
  EXPECT_GE(options.wait, absl::ZeroDuration());
  EXPECT_GE(options.request.delay, absl::ZeroDuration());
  EXPECT_GT(options.count.value_or(1), 0);
  EXPECT_GE(options.interval.value_or(absl::ZeroDuration()), absl::ZeroDuration());
  EXPECT_TRUE(options.request.payload.empty() || options.request.payload_file.empty());
  EXPECT_GE(options.bench.connections, 1);
  EXPECT_GE(options.bench.threads, 1);
  EXPECT_GE(options.bench.concurrency.value_or(1), 1);
  EXPECT_GE(options.bench.size, 0);
  EXPECT_TRUE(std::isfinite(options.bench.rate) && options.bench.rate >= 0);
  if (options.request.fault.has_value()) {
    EXPECT_GE(options.request.fault->code, 1);
    EXPECT_LE(options.request.fault->code, 16);
    EXPECT_TRUE(IsUtf8(options.request.fault->message));
  }
}

void CheckCommandLine(absl::string_view text) {
  const std::vector<std::string> arguments = absl::StrSplit(text, '\n');
  std::vector<const char*> argv = {"client"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  const client::Parsed parsed = client::Parse(static_cast<int>(argv.size()), argv.data());
  if (parsed.options.has_value()) return CheckOptions(*parsed.options);
  EXPECT_TRUE(IsPrintableLine(parsed.outcome.error)) << parsed.outcome.error;
  EXPECT_EQ(parsed.outcome.exit_code, parsed.outcome.error.empty() ? 0 : 2);
  EXPECT_NE(parsed.output.empty(), parsed.outcome.error.empty());
}

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
  if (small.ok()) EXPECT_TRUE(*small >= 0 && *small <= 1 << 20);
  const auto number = client::ParseInteger("--x", text, -5, 1000);
  if (number.ok()) EXPECT_TRUE(*number >= -5 && *number <= 1000);
  const auto rate = client::ParseRate(text);
  if (rate.ok()) EXPECT_TRUE(*rate > 0 && *rate <= 1e7);
  client::ParseMetadata(text).IgnoreError();
  const auto target = client::Target::Parse(text);
  EXPECT_TRUE(
      IsPrintableLine(target.ok() ? target->name() : std::string(target.status().message())))
      << target.status();
  EXPECT_EQ(cli::FindInvalidUtf8(text) == absl::string_view::npos, IsUtf8(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  CheckCommandLine(text);
  CheckValues(text);
  return 0;
}

}  // namespace udsecho::fuzz
