// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/log_line.h"

#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace udsecho {
namespace {

const absl::Time kTime = absl::UnixEpoch() + absl::Microseconds(1'714'555'800'123'456);

std::string Text(LogLevel level, absl::string_view text) {
  return FormatLogLine(LogFormat::kText, {.level = level, .event = "e", .text = text}, kTime);
}

TEST(TextLineTest, LevelsArePaddedToFive) {
  EXPECT_EQ(Text(LogLevel::kDebug, "x"), "[LISTENER] DEBUG x");
  EXPECT_EQ(Text(LogLevel::kInfo, "x"), "[LISTENER] INFO  x");
  EXPECT_EQ(Text(LogLevel::kWarn, "x"), "[LISTENER] WARN  x");
  EXPECT_EQ(Text(LogLevel::kError, "x"), "[LISTENER] ERROR x");
}

TEST(TextLineTest, ATimeStandsBeforeIt) {
  EXPECT_EQ(FormatLogLine(LogFormat::kTimedText,
                          {.level = LogLevel::kInfo, .event = "e", .text = "x"}, kTime),
            "2024-05-01T09:30:00.123Z [LISTENER] INFO  x");
}

TEST(TextLineTest, AForgottenEscapeStillMakesOneLine) {
  EXPECT_EQ(Text(LogLevel::kInfo, "a\nb\r\x1b[2J\x7f"), "[LISTENER] INFO  a?b??[2J?");
}

TEST(JsonLineTest, HasTimeLevelEventAndFieldsInThisOrder) {
  EXPECT_EQ(FormatLogLine(LogFormat::kJson,
                          {.level = LogLevel::kWarn,
                           .event = "service_started",
                           .text = "not for programs",
                           .fields = {{"address", "unix:/tmp/sock1"}, {"pid", 4242}}},
                          kTime),
            R"({"time":"2024-05-01T09:30:00.123456Z","level":"warn","event":"service_started",)"
            R"("fields":{"address":"unix:/tmp/sock1","pid":4242}})");
}

TEST(JsonLineTest, WithoutFieldsTheyAreEmpty) {
  const auto line = nlohmann::json::parse(FormatLogLine(
      LogFormat::kJson, {.level = LogLevel::kInfo, .event = "e", .text = "t"}, kTime));
  EXPECT_EQ(line["fields"], nlohmann::json::object());
}

TEST(JsonLineTest, IsAsciiOnOneLineAndGivesTheTextBack) {
  const std::string text = "caf\xC3\xA9 \n\t\\\" \x1b[2J \xE2\x80\xAE \xF0\x9F\x98\x80";
  const std::string line = FormatLogLine(
      LogFormat::kJson,
      {.level = LogLevel::kInfo, .event = "e", .text = "t", .fields = {{"message", text.c_str()}}},
      kTime);
  for (const char byte : line) EXPECT_TRUE(byte >= 0x20 && byte < 0x7f) << line;
  EXPECT_EQ(nlohmann::json::parse(line)["fields"]["message"], text);
}

TEST(JsonLineTest, WhatIsNotUtf8IsReplaced) {
  const std::string line = FormatLogLine(
      LogFormat::kJson,
      {.level = LogLevel::kInfo, .event = "e", .text = "t", .fields = {{"message", "a\xFFz"}}},
      kTime);
  EXPECT_EQ(nlohmann::json::parse(line)["fields"]["message"], "a\xEF\xBF\xBDz");
}

TEST(JsonLineTest, NumbersKeepTheirSign) {
  const auto line =
      nlohmann::json::parse(FormatLogLine(LogFormat::kJson,
                                          {.level = LogLevel::kInfo,
                                           .event = "e",
                                           .text = "t",
                                           .fields = {{"uid", 4294967294u}, {"below", -1}}},
                                          kTime));
  EXPECT_EQ(line["fields"]["uid"], 4294967294u);
  EXPECT_EQ(line["fields"]["below"], -1);
}

}  // namespace
}  // namespace udsecho
