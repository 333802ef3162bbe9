// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/output.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/pipe.h"
#include "tests/support/status_matchers.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

using ::support::IsOk;
using ::support::StatusIs;

TEST(OutputTest, LinesAreKeptBackUntilFlushed) {
  Pipe pipe;
  ASSERT_EQ(fcntl(pipe.reader(), F_SETFL, O_NONBLOCK), 0);
  Output output(pipe.writer());
  EXPECT_TRUE(output.empty());
  EXPECT_THAT(output.AddLine("one"), IsOk());
  EXPECT_THAT(output.AddLine("two\nthree"), IsOk());
  EXPECT_FALSE(output.empty());
  EXPECT_EQ(pipe.ReadAll(), "");
  EXPECT_THAT(output.Flush(), IsOk());
  EXPECT_TRUE(output.empty());
  EXPECT_EQ(pipe.CloseWriterAndReadAll(), "one\ntwo\nthree\n");
}

TEST(OutputTest, AFullBufferIsWritten) {
  Pipe pipe;
  ASSERT_EQ(fcntl(pipe.writer(), F_SETPIPE_SZ, 1 << 20), 1 << 20);
  Output output(pipe.writer());
  EXPECT_THAT(output.AddLine(std::string(Output::kBuffer, 'x')), IsOk());
  EXPECT_TRUE(output.empty());
}

TEST(OutputTest, MoreThanThePipeHoldsIsWaitedFor) {
  for (const int flags : {0, O_NONBLOCK}) {
    Pipe pipe;
    ASSERT_EQ(fcntl(pipe.writer(), F_SETFL, flags), 0);
    std::string read;
    std::thread reader([&] { read = pipe.ReadAll(); });
    Output output(pipe.writer());
    EXPECT_THAT(output.AddLine(std::string(1 << 20, 'x')), IsOk());
    pipe.CloseWriter();
    reader.join();
    EXPECT_EQ(read.size(), (1u << 20) + 1);
  }
}

TEST(OutputTest, AFullDiskIsAnError) {
  const uds::UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.valid());
  Output output(full.get());
  EXPECT_THAT(output.AddLine("x"), IsOk());
  EXPECT_THAT(output.Flush(), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(OutputTest, ABrokenPipeIsAnErrorWhereItsSignalIsIgnored) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.CloseReader();
  Output output(pipe.writer());
  EXPECT_THAT(output.AddLine("x"), IsOk());
  EXPECT_THAT(output.Flush(), testing::Not(IsOk()));
  signal(SIGPIPE, SIG_DFL);
}

TEST(ProgressTest, QuietSaysNothing) {
  Pipe pipe;
  Progress progress(pipe.writer(), Verbosity::kQuiet);
  progress.Starting("unix:/tmp/sock1");
  progress.GotBack("x");
  EXPECT_EQ(pipe.CloseWriterAndReadAll(), "");
}

TEST(ProgressTest, VerboseSaysOneLineEach) {
  Pipe pipe;
  Progress progress(pipe.writer(), Verbosity::kVerbose);
  progress.Starting("unix:/tmp/sock1");
  EXPECT_EQ(pipe.ReadLine().rfind("INFO  Starting ", 0), 0u);
  progress.GotBack("Test this string");
  EXPECT_EQ(pipe.ReadLine(), "INFO  Got back: Test this string\n");
  progress.GotBack("a\nINFO  forged\x1b[2J");
  const std::string line = pipe.ReadLine();
  EXPECT_THAT(line, testing::HasSubstr("forged"));
  EXPECT_THAT(line, testing::Not(testing::HasSubstr("\x1b")));
}

}  // namespace
}  // namespace udsecho::client
