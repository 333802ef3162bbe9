// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/interactive/history_file.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace udsecho::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HistoryFileTest : public testing::Test {
 protected:
  std::string Text() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("a/b/history");
};

TEST_F(HistoryFileTest, KeepsLinesForTheNextOne) {
  {
    HistoryFile history(path_);
    EXPECT_THAT(history.lines(), IsEmpty());
    for (const char* line : {"one", "two", "two", "", " secret"}) history.Add(line);
    history.Add(std::string(HistoryFile::kLongestLine + 1, 'x'));
  }
  EXPECT_THAT(HistoryFile(path_).lines(), ElementsAre("one", "two"));
  struct stat file = {};
  ASSERT_EQ(stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600);
  ASSERT_EQ(stat(dir_.Path("a/b").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0700);
}

TEST_F(HistoryFileTest, TwoAtOnceLoseNothing) {
  HistoryFile one(path_);
  HistoryFile other(path_);
  one.Add("a");
  other.Add("b");
  one.Add("c");
  EXPECT_EQ(Text(), "a\nb\nc\n");
}

TEST_F(HistoryFileTest, IsBounded) {
  {
    HistoryFile history(path_);
    for (size_t i = 0; i <= 2 * HistoryFile::kLines; ++i) history.Add(absl::StrCat("line ", i));
  }
  HistoryFile history(path_);
  EXPECT_THAT(history.lines(), SizeIs(HistoryFile::kLines));
  EXPECT_EQ(history.lines().back(), absl::StrCat("line ", 2 * HistoryFile::kLines));
  history.Add("more");
  EXPECT_THAT(HistoryFile(path_).lines(), SizeIs(HistoryFile::kLines));
  EXPECT_LT(Text().size(), 20 * HistoryFile::kLines);
}

TEST_F(HistoryFileTest, LeavesAloneWhatIsNoFile) {
  ASSERT_EQ(mkfifo(dir_.Path("fifo").c_str(), 0600), 0);
  ASSERT_EQ(symlink("fifo", dir_.Path("link").c_str()), 0);
  for (const std::string& path :
       {dir_.path(), std::string("/dev/null/history"), dir_.Path("fifo"), dir_.Path("link")}) {
    HistoryFile history(path);
    history.Add("x");
    EXPECT_FALSE(history.status().ok()) << path;
  }
  for (const char* nowhere : {"", "/dev/null"}) {
    HistoryFile history(nowhere);
    history.Add("x");
    EXPECT_TRUE(history.status().ok()) << nowhere;
  }
}

TEST_F(HistoryFileTest, SaysWhyALineIsNotKept) {
  HistoryFile history(path_);
  rlimit unchanged = {};
  getrlimit(RLIMIT_FSIZE, &unchanged);
  const auto ignored = signal(SIGXFSZ, SIG_IGN);
  rlimit none = unchanged;
  none.rlim_cur = 0;
  setrlimit(RLIMIT_FSIZE, &none);
  history.Add("x");
  setrlimit(RLIMIT_FSIZE, &unchanged);
  signal(SIGXFSZ, ignored);
  EXPECT_FALSE(history.status().ok());
}

TEST(HistoryPathTest, IsWhereStateBelongs) {
  unsetenv("UDSECHO_HISTORY");
  setenv("HOME", "/home/me", 1);
  setenv("XDG_STATE_HOME", "relative", 1);
  EXPECT_EQ(HistoryPath(), "/home/me/.local/state/udsecho/history");
  setenv("XDG_STATE_HOME", "/state", 1);
  EXPECT_EQ(HistoryPath(), "/state/udsecho/history");
  setenv("UDSECHO_HISTORY", "/else/where", 1);
  EXPECT_EQ(HistoryPath(), "/else/where");
  setenv("UDSECHO_HISTORY", "", 1);
  EXPECT_EQ(HistoryPath(), "");
  unsetenv("UDSECHO_HISTORY");
  unsetenv("XDG_STATE_HOME");
  unsetenv("HOME");
  EXPECT_EQ(HistoryPath(), "");
}

}  // namespace
}  // namespace udsecho::client
