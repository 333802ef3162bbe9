// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/library_log.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/log.h"
#include "tests/server/capture.h"

namespace udsecho {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(LibraryLogTest, ProtobufSpeaksThroughTheLog) {
  const Capture capture;
  {
    Log log(LogOptions{.fd = capture.fd()});
    const LibraryLog library_log(&log);
    GOOGLE_LOG(ERROR) << "number " << 17 << "\nforged";
    GOOGLE_LOG(WARNING) << "from protobuf";
  }
  EXPECT_THAT(capture.lines(), ElementsAre(AllOf(StartsWith("[LISTENER] ERROR protobuf: number 17"),
                                                 HasSubstr("forged")),
                                           "[LISTENER] WARN  protobuf: from protobuf"));
}

TEST(LibraryLogTest, TheNameOfTheLibraryIsAField) {
  const Capture capture;
  {
    Log log(LogOptions{.format = LogFormat::kJson, .fd = capture.fd()});
    const LibraryLog library_log(&log);
    GOOGLE_LOG(ERROR) << "x";
  }
  ASSERT_EQ(capture.lines().size(), 1u);
  const auto line = nlohmann::json::parse(capture.lines()[0]);
  EXPECT_EQ(line["event"], "library_message");
  EXPECT_EQ(line["fields"], nlohmann::json({{"library", "protobuf"}, {"message", "x"}}));
}

TEST(LibraryLogTest, AFloodIsLimitedAndCounted) {
  const Capture capture;
  {
    Log log(LogOptions{.format = LogFormat::kJson, .level = LogLevel::kError, .fd = capture.fd()});
    const LibraryLog library_log(&log);
    for (int i = 0; i < 1000; ++i) GOOGLE_LOG(ERROR) << "x";
  }
  int64_t shown = 0;
  int64_t counted = 0;
  for (const std::string& text : capture.lines()) {
    const auto line = nlohmann::json::parse(text);
    shown += line["event"] == "library_message" ? 1 : 0;
    if (line["event"] == "library_messages_left_out") {
      counted += line["fields"]["count"].get<int64_t>();
    }
  }
  EXPECT_GE(shown, 20);
  EXPECT_LT(shown, 1000);
  EXPECT_EQ(shown + counted, 1000);
}

TEST(LibraryLogTest, NothingComesAfterItsEnd) {
  const Capture capture;
  {
    Log log(LogOptions{.fd = capture.fd()});
    { const LibraryLog library_log(&log); }
    GOOGLE_LOG(ERROR) << "to standard error, where the test's own output goes";
  }
  EXPECT_THAT(capture.lines(), ElementsAre());
}

TEST(LibraryLogDeathTest, ThereIsOneAtATime) {
  const Capture capture;
  Log log(LogOptions{.fd = capture.fd()});
  const LibraryLog library_log(&log);
  EXPECT_DEATH(LibraryLog second(&log), "");
}

}  // namespace
}  // namespace udsecho
