// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Addresses that cannot be had: one sentence, an exit code, and nothing is changed.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

class ClaimRefusalTest : public ::testing::Test {
 protected:
  // What is at path_ is no socket, and must be as it is afterwards, alone in its directory.
  void ExpectRefusedAndUntouched() {
    const struct stat before = Stat();
    ExpectRefused(path_, kAddressRefused);
    const struct stat after = Stat();
    EXPECT_EQ(after.st_ino, before.st_ino);
    EXPECT_EQ(after.st_mode, before.st_mode);
    EXPECT_EQ(after.st_size, before.st_size);
    EXPECT_EQ(after.st_ctim.tv_sec, before.st_ctim.tv_sec);
    EXPECT_EQ(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
  }

  support::Finished ExpectRefused(const std::string& address, int exit_code) {
    support::Finished server = RunServer({address});
    EXPECT_EQ(server.exit_code, exit_code);
    EXPECT_EQ(server.out, "");
    EXPECT_TRUE(IsOneLine(server.err)) << server.err;
    return server;
  }

  struct stat Stat() {
    struct stat file = {};
    EXPECT_EQ(lstat(path_.c_str(), &file), 0);
    return file;
  }

  std::size_t FilesInDirectory() {
    return std::distance(std::filesystem::directory_iterator(dir_.path()), {});
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
};

TEST_F(ClaimRefusalTest, RegularFile) {
  std::ofstream(path_) << "precious";
  ExpectRefusedAndUntouched();
  std::string content;
  std::getline(std::ifstream(path_), content);
  EXPECT_EQ(content, "precious");
  EXPECT_EQ(FilesInDirectory(), 1U);
}

TEST_F(ClaimRefusalTest, EmptyFile) {
  std::ofstream(path_).flush();
  ExpectRefusedAndUntouched();
}

TEST_F(ClaimRefusalTest, Directory) {
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  ExpectRefusedAndUntouched();
}

TEST_F(ClaimRefusalTest, Fifo) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  ExpectRefusedAndUntouched();  // and does not wait for a reader
}

TEST_F(ClaimRefusalTest, SymlinkToNothing) {
  ASSERT_EQ(symlink("nothing", path_.c_str()), 0);
  ExpectRefusedAndUntouched();
}

TEST_F(ClaimRefusalTest, SymlinkToALiveSocket) {
  ServerProcess other;
  ASSERT_EQ(symlink(other.path().c_str(), path_.c_str()), 0);
  ExpectRefusedAndUntouched();
  EXPECT_EQ(RunClient({other.path(), "hi"}).out, "hi\n");
}

TEST_F(ClaimRefusalTest, SymlinkToADeadSocket) {
  ServerProcess other;
  ASSERT_EQ(symlink(other.path().c_str(), path_.c_str()), 0);
  other.Signal(SIGKILL);
  other.Wait();
  ExpectRefusedAndUntouched();
  EXPECT_EQ(access(other.path().c_str(), F_OK), 0);
}

TEST_F(ClaimRefusalTest, NoSuchDirectory) {
  ExpectRefused(dir_.Path("nothing/s"), kAddressRefused);
  EXPECT_EQ(FilesInDirectory(), 0U);
}

TEST_F(ClaimRefusalTest, DirectoryInWhichOthersMayReplaceIt) {
  const std::string open = dir_.Path("open");
  ASSERT_EQ(mkdir(open.c_str(), 0700), 0);
  ASSERT_EQ(chmod(open.c_str(), 0777), 0);
  ExpectRefused(open + "/s", kAddressRefused);
  EXPECT_TRUE(std::filesystem::is_empty(open));
}

TEST_F(ClaimRefusalTest, TheFlagThatTheErrorNamesAllowsASharedDirectory) {
  const std::string open = dir_.Path("open");
  ASSERT_EQ(mkdir(open.c_str(), 0700), 0);
  for (const mode_t mode : {0777, 02777}) {
    ASSERT_EQ(chmod(open.c_str(), mode), 0);
    const support::Finished refused = ExpectRefused(open + "/s", kAddressRefused);
    const std::string flag = "--allow_shared_directory";
    EXPECT_TRUE(absl::StrContains(refused.err, flag)) << refused.err;

    ServerProcess server({.path = open + "/s", .flags = {flag}, .spawn = {}});
    EXPECT_EQ(server.Event("directory_shared")["level"], "warn");
    EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
    EXPECT_EQ(server.Stop(), kClean);
    EXPECT_TRUE(std::filesystem::is_empty(open));
  }
}

TEST_F(ClaimRefusalTest, AllowingASharedDirectoryIsToldOfNoOther) {
  ServerProcess server({.path = path_, .flags = {"--allow_shared_directory"}, .spawn = {}});
  EXPECT_EQ(server.Stop(), kClean);
  for (const nlohmann::json& event : server.AllEvents()) {
    EXPECT_NE(event["event"], "directory_shared");
  }
}

TEST_F(ClaimRefusalTest, ReasonIsInTheJsonLogToo) {
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  const support::Finished server = RunServer({path_, "--log_format=json"});
  EXPECT_EQ(server.exit_code, kAddressRefused);
  const nlohmann::json event = ParseLogLine(server.err);
  EXPECT_EQ(event["event"], "service_failed");
  EXPECT_EQ(event["level"], "error");
  EXPECT_TRUE(absl::StrContains(event["fields"]["message"].get<std::string>(), path_)) << event;
}

TEST_F(ClaimRefusalTest, PathTooLong) {
  const std::string path = dir_.Path(std::string(108 - dir_.path().size() - 1, 'x'));
  const support::Finished server = ExpectRefused(path, kUsage);
  EXPECT_TRUE(absl::StrContains(server.err, "107")) << server.err;
  EXPECT_EQ(FilesInDirectory(), 0U);

  const support::Finished client = RunClient({path, "hi"});
  EXPECT_EQ(client.exit_code, kExitUsage);
  EXPECT_TRUE(absl::StrContains(client.err, "107")) << client.err;
}

}  // namespace
}  // namespace udsecho::integration
