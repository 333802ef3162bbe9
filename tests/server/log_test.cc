// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/log.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/server/capture.h"
#include "tests/support/child_process.h"
#include "tests/support/patience.h"
#include "uds/unique_fd.h"

namespace udsecho {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

void WriteText(Log* log, absl::string_view text, LogLevel level = LogLevel::kInfo) {
  log->Write({.level = level, .event = "e", .text = text});
}

// A pipe that nobody reads until ReadAll(), with room for `capacity` bytes.
class Pipe {
 public:
  explicit Pipe(int capacity = 4096) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[1], F_SETPIPE_SZ, capacity) < 0) std::abort();
    reader_.reset(ends[0]);
    writer_.reset(ends[1]);
  }

  int writer() const { return writer_.get(); }
  void CloseReader() { reader_.reset(); }
  void CloseWriter() { writer_.reset(); }

  // Until the last writer closed.
  std::vector<std::string> ReadAll() {
    std::string text;
    char buffer[4096];
    ssize_t got;
    while ((got = TEMP_FAILURE_RETRY(read(reader_.get(), buffer, sizeof(buffer)))) > 0) {
      text.append(buffer, got);
    }
    std::vector<std::string> lines = absl::StrSplit(text, '\n');
    lines.pop_back();
    return lines;
  }

 private:
  uds::UniqueFd reader_;
  uds::UniqueFd writer_;
};

TEST(LogTest, AllLinesAreWrittenWhenItGoesAndInOrder) {
  const Capture capture;
  {
    Log log(LogOptions{.fd = capture.fd()});
    for (int i = 0; i < 500; ++i) WriteText(&log, absl::StrCat("line ", i));
  }
  const std::vector<std::string> lines = capture.lines();
  ASSERT_EQ(lines.size(), 500u);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(lines[i], absl::StrCat("[LISTENER] INFO  line ", i));
}

TEST(LogTest, LevelsBelowTheChosenOneAreNotWritten) {
  const Capture capture;
  {
    Log log(LogOptions{.level = LogLevel::kWarn, .fd = capture.fd()});
    EXPECT_FALSE(log.Wants(LogLevel::kInfo));
    EXPECT_TRUE(log.Wants(LogLevel::kWarn));
    WriteText(&log, "debug", LogLevel::kDebug);
    WriteText(&log, "info", LogLevel::kInfo);
    WriteText(&log, "warn", LogLevel::kWarn);
    WriteText(&log, "error", LogLevel::kError);
  }
  EXPECT_THAT(capture.lines(), ElementsAre("[LISTENER] WARN  warn", "[LISTENER] ERROR error"));
}

TEST(LogTest, DebugIsWrittenWhenAskedFor) {
  const Capture capture;
  {
    Log log(LogOptions{.level = LogLevel::kDebug, .fd = capture.fd()});
    WriteText(&log, "x", LogLevel::kDebug);
  }
  EXPECT_THAT(capture.lines(), ElementsAre("[LISTENER] DEBUG x"));
}

TEST(LogTest, JsonHasTheTimeOfWriting) {
  const Capture capture;
  const absl::Time before = absl::Now() - absl::Microseconds(1);
  {
    Log log(LogOptions{.format = LogFormat::kJson, .fd = capture.fd()});
    WriteText(&log, "x");
  }
  ASSERT_EQ(capture.lines().size(), 1u);
  const auto line = nlohmann::json::parse(capture.lines()[0]);
  absl::Time time;
  std::string error;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, line["time"].get<std::string>(), &time, &error));
  EXPECT_GE(time, before);
  EXPECT_LE(time, absl::Now());
}

TEST(LogTest, BracesAndPercentSignsAreNoFormat) {
  const Capture capture;
  {
    Log log(LogOptions{.fd = capture.fd()});
    WriteText(&log, "{} {0} %s %v");
  }
  EXPECT_THAT(capture.lines(), ElementsAre("[LISTENER] INFO  {} {0} %s %v"));
}

TEST(LogTest, LinesOfSeveralThreadsAreNeverTorn) {
  const Capture capture;
  {
    Log log(LogOptions{.fd = capture.fd(), .queue_lines = 4096});
    std::vector<std::thread> threads;
    for (char letter = 'a'; letter < 'e'; ++letter) {
      threads.emplace_back([&log, letter] {
        for (int i = 0; i < 500; ++i) WriteText(&log, std::string(300, letter));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const std::vector<std::string> lines = capture.lines();
  EXPECT_EQ(lines.size(), 2000u);
  for (const std::string& line : lines) {
    EXPECT_EQ(line, absl::StrCat("[LISTENER] INFO  ", std::string(300, line.back())));
  }
}

// In a process of its own: what the log leaves behind needs the descriptor to its end.
TEST(LogTest, AReaderThatIsStuckHoldsUpNeitherWriterNorExit) {
  Pipe pipe;
  support::ChildProcess child([&pipe](support::Doorbell&) {
    Log log(LogOptions{.fd = pipe.writer(), .exit_wait = absl::Milliseconds(50)});
    // Far more than pipe and queue hold: a writer that could be held up would be so for ever.
    for (int i = 0; i < 5000; ++i) WriteText(&log, std::string(100, 'x'));
    return 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST(LogTest, WhatIsDroppedIsCountedAndTheNewestAreKept) {
  constexpr int kLines = 2000;
  Pipe pipe;
  std::vector<std::string> read;
  std::thread reader;
  {
    Log log(LogOptions{.fd = pipe.writer(), .queue_lines = 16, .exit_wait = absl::Seconds(60)});
    for (int i = 0; i < kLines; ++i) WriteText(&log, absl::StrCat(i, std::string(200, '.')));
    reader = std::thread([&] { read = pipe.ReadAll(); });
  }
  pipe.CloseWriter();
  reader.join();

  int64_t kept = 0;
  int64_t lost = 0;
  for (const std::string& line : read) {
    const bool counts = absl::StartsWith(line, "[LISTENER] WARN ");
    int64_t number = 0;
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    ASSERT_GT(words.size(), 3u);
    if (counts && absl::SimpleAtoi(words[3], &number)) lost += number;
    if (!counts) ++kept;
  }
  EXPECT_LT(kept, kLines);
  EXPECT_EQ(kept + lost, kLines);
  EXPECT_THAT(read.back(), StartsWith(absl::StrCat("[LISTENER] INFO  ", kLines - 1, ".")));
}

TEST(LogTest, ABrokenPipeEndsNothing) {
  signal(SIGPIPE, SIG_DFL);
  Pipe pipe;
  pipe.CloseReader();
  {
    Log log(LogOptions{.fd = pipe.writer()});
    WriteText(&log, "x");
  }
  // The log is gone, so the line was tried; and here we are.
  SUCCEED();
}

TEST(LogTest, TheLevelMayChange) {
  const Capture capture;
  {
    Log log(LogOptions{.level = LogLevel::kWarn, .fd = capture.fd()});
    WriteText(&log, "before");
    log.SetLevel(LogLevel::kInfo);
    WriteText(&log, "after");
  }
  EXPECT_THAT(capture.lines(), ElementsAre("[LISTENER] INFO  after"));
}

// As on a disk that is full for a while. SIGXFSZ, which would end the process, is the log's to block.
TEST(LogTest, ALineThatWasCutShortDoesNotRunIntoTheNext) {
  const Capture capture;
  support::ChildProcess child([&capture](support::Doorbell&) {
    constexpr rlim_t kRoom = 20;  // bytes: fewer than the line's
    const rlimit little = {kRoom, RLIM_INFINITY};
    const rlimit much = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &little);
    Log log(LogOptions{.fd = capture.fd()});
    WriteText(&log, "this is cut");
    WriteText(&log, "this is lost");
    const support::Deadline deadline;
    while (capture.text().size() < kRoom && !deadline.IsOver()) poll(nullptr, 0, 1);
    setrlimit(RLIMIT_FSIZE, &much);
    WriteText(&log, "this is whole");
    return 0;
  });
  EXPECT_EQ(child.Wait(), 0);
  const std::vector<std::string> lines = capture.lines();
  ASSERT_GE(lines.size(), 3u);
  EXPECT_EQ(lines.front(), "[LISTENER] INFO  thi");
  EXPECT_THAT(lines[1], StartsWith("[LISTENER] WARN  "));  // how many are lost
  EXPECT_EQ(lines.back(), "[LISTENER] INFO  this is whole");
}

TEST(LogTest, ANonBlockingDescriptorIsWaitedFor) {
  Pipe pipe;
  ASSERT_EQ(fcntl(pipe.writer(), F_SETFL, O_NONBLOCK), 0);
  std::vector<std::string> read;
  std::thread reader;
  {
    Log log(LogOptions{.fd = pipe.writer(), .exit_wait = absl::Seconds(60)});
    for (int i = 0; i < 300; ++i) WriteText(&log, std::string(100, 'x'));
    reader = std::thread([&] { read = pipe.ReadAll(); });
  }
  pipe.CloseWriter();
  reader.join();
  EXPECT_EQ(read.size(), 300u);
  for (const std::string& line : read) EXPECT_EQ(line.size(), 117u);
}

}  // namespace
}  // namespace udsecho
