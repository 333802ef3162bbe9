// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The server's log of hostile text: server/log_line.h and server/excerpt.h.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "server/excerpt.h"
#include "server/log_line.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/printable.h"

namespace udsecho::fuzz {
namespace {

void CheckExcerpt(absl::string_view text) {
  const absl::string_view raw = RawExcerpt(text);
  EXPECT_EQ(text.substr(0, raw.size()), raw);
  EXPECT_LE(raw.size(), 4 * kExcerptCharacters);
  if (IsUtf8(text)) EXPECT_TRUE(IsUtf8(raw)) << "cut within a character";
  if (text.size() <= kExcerptCharacters) EXPECT_EQ(raw, text);
  const std::string shown = PrintableExcerpt(text);
  EXPECT_TRUE(IsPrintableLine(shown)) << shown;
  EXPECT_LT(shown.size(), 4096);
}

bool IsControl(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; }

void CheckLines(LogLevel level, absl::Time time, const std::string& event, const std::string& text,
                const std::string& name, const std::string& value) {
  const LogRecord record = {
      .level = level, .event = event, .text = text, .fields = {{name, value}, {"pid", 1}}};
  const std::string line = FormatLogLine(LogFormat::kText, record, time);
  EXPECT_TRUE(absl::StartsWith(line, "[LISTENER] "));
  EXPECT_TRUE(std::none_of(line.begin(), line.end(), IsControl));

  const std::string json = FormatLogLine(LogFormat::kJson, record, time);
  EXPECT_TRUE(std::all_of(json.begin(), json.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  const auto parsed = nlohmann::ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(parsed.is_object()) << json;
  EXPECT_EQ(parsed.size(), 4U);
  if (IsUtf8(event)) EXPECT_EQ(parsed["event"], event);
  if (IsUtf8(name) && IsUtf8(value) && name != "pid") EXPECT_EQ(parsed["fields"][name], value);
  EXPECT_EQ(parsed["fields"]["pid"], 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  CheckExcerpt({reinterpret_cast<const char*>(data), size});
  Input in(data, size);
  const auto level = static_cast<LogLevel>(in.Below(4));
  const absl::Time time = absl::FromUnixSeconds(in.Number(4)) + absl::Microseconds(in.Number(3));
  const std::string event = in.Text();
  const std::string name = in.Text();
  const std::string value = in.Text();
  CheckLines(level, time, event, std::string(in.Rest()), name, value);
  return 0;
}

}  // namespace udsecho::fuzz
