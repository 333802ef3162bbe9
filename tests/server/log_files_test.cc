// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/log_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace udsecho {
namespace {

using ::support::IsOk;
using ::testing::HasSubstr;

class LogFilesTest : public ::testing::Test {
 protected:
  static void Write(int fd, const std::string& text) {
    EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const support::TempDir dir_;
  const std::string log_ = dir_.Path("log");
  const std::string access_ = dir_.Path("access");
};

TEST_F(LogFilesTest, AreAppendedTo) {
  std::ofstream(log_) << "before\n";
  const auto files = LogFiles::Open({.log = log_, .access = {}});
  ASSERT_THAT(files, IsOk());
  EXPECT_EQ(files->access_fd(), -1);
  Write(files->log_fd(), "after\n");
  EXPECT_EQ(Read(log_), "before\nafter\n");
}

TEST_F(LogFilesTest, AreNotForEverybodyToRead) {
  ASSERT_THAT(LogFiles::Open({.log = log_, .access = {}}), IsOk());
  struct stat file = {};
  ASSERT_EQ(stat(log_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0027, 0U);
}

TEST_F(LogFilesTest, AfterARotationTheNumbersLeadToNewFiles) {
  const LogPaths paths = {.log = log_, .access = access_};
  auto files = LogFiles::Open(paths);
  ASSERT_THAT(files, IsOk());
  const int log = files->log_fd();
  const int access = files->access_fd();
  for (const std::string& path : {log_, access_}) std::filesystem::rename(path, path + ".1");
  Write(log, "old\n");
  ASSERT_THAT(files->Reopen(paths), IsOk());
  Write(log, "log\n");
  Write(access, "access\n");
  EXPECT_EQ(Read(log_ + ".1"), "old\n");
  EXPECT_EQ(Read(log_), "log\n");
  EXPECT_EQ(Read(access_), "access\n");
}

TEST_F(LogFilesTest, IfOneCannotBeOpenedNothingChanges) {
  auto files = LogFiles::Open({.log = log_, .access = access_});
  ASSERT_THAT(files, IsOk());
  const std::string missing = dir_.Path("no/such/access");
  const absl::Status status = files->Reopen({.log = dir_.Path("new"), .access = missing});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(missing));
  Write(files->log_fd(), "as before\n");
  EXPECT_EQ(Read(log_), "as before\n");
}

TEST_F(LogFilesTest, AFifoThatNobodyReadsDoesNotHoldUpTheStart) {
  ASSERT_EQ(mkfifo(log_.c_str(), 0600), 0);
  EXPECT_FALSE(LogFiles::Open({.log = log_, .access = {}}).ok());
}

TEST_F(LogFilesTest, AMinusIsStandardOutput) {
  const auto files = LogFiles::Open({.log = log_, .access = "-"});
  ASSERT_THAT(files, IsOk());
  struct stat ours = {};
  struct stat output = {};
  ASSERT_EQ(fstat(files->access_fd(), &ours), 0);
  ASSERT_EQ(fstat(STDOUT_FILENO, &output), 0);
  EXPECT_EQ(ours.st_ino, output.st_ino);
  EXPECT_FALSE(std::filesystem::exists("-"));
}

}  // namespace
}  // namespace udsecho
