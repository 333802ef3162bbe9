// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The client's command line: an argument a line of the input.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "client/command_line/parse.h"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  CheckCommandLine({reinterpret_cast<const char*>(data), size});
  return 0;
}

}  // namespace udsecho::fuzz
