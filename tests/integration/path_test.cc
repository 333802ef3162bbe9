// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A path that is lost while the server runs: noticed, and made good again where it is free.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/integration/server_process.h"
#include "tests/support/spawned_process.h"
#include "tests/support/temp_dir.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {
namespace {

TEST(PathTest, RemovalOfThePathIsNoticedAndMadeGood) {
  ServerProcess server;
  ASSERT_EQ(unlink(server.path().c_str()), 0);
  const auto lost = server.Event("path_lost");
  EXPECT_EQ(lost["level"], "warn");
  EXPECT_EQ(lost["fields"]["code"], "NOT_FOUND");
  server.Event("path_back");
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  EXPECT_EQ(RunServer({server.path()}).exit_code, kAddressRefused);
  EXPECT_EQ(server.Stop(), kClean);
  EXPECT_FALSE(std::filesystem::exists(server.path()));
}

TEST(PathTest, ASocketThatWasMovedAnswersAtBothNames) {
  ServerProcess server;
  const std::string elsewhere = absl::StrCat(server.path(), ".moved");
  ASSERT_EQ(rename(server.path().c_str(), elsewhere.c_str()), 0);
  EXPECT_EQ(server.Event("path_lost")["fields"]["code"], "NOT_FOUND");
  server.Event("path_back");
  EXPECT_EQ(RunClient({elsewhere, "hi"}).out, "hi\n");
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  EXPECT_EQ(server.Stop(), kClean);
}

TEST(PathTest, ADirectoryThatGoesAwayIsWaitedFor) {
  const support::TempDir dir;
  const std::string directory = dir.Path("d");
  ASSERT_TRUE(std::filesystem::create_directory(directory));
  ServerProcess server({.path = directory + "/s", .flags = {}, .spawn = {}});
  // Nothing happens to the socket itself here.
  ASSERT_EQ(rename(directory.c_str(), dir.Path("removed").c_str()), 0);
  server.Event("path_lost");
  std::filesystem::remove_all(dir.Path("removed"));
  ASSERT_TRUE(std::filesystem::create_directory(directory));
  server.Event("path_back");
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  ASSERT_EQ(rename(directory.c_str(), dir.Path("elsewhere").c_str()), 0);
  server.Event("path_lost", 2);
  ASSERT_TRUE(std::filesystem::create_directory(directory));
  server.Event("path_back", 2);
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  EXPECT_EQ(server.Stop(), kClean);
}

TEST(PathTest, WhileDrainingItIsNotMadeAgain) {
  ServerProcess server({.path = "", .flags = {"--grace=60s"}, .spawn = {}});
  support::SpawnedProcess call(ClientCommand({server.path(), "hi", "--delay=60s"}));
  server.Event("connection_opened");
  server.Signal(SIGTERM);
  server.Event("service_terminating");
  ASSERT_EQ(unlink(server.path().c_str()), 0);
  server.Event("path_lost");
  server.Signal(SIGTERM);
  for (const auto& event : server.AllEvents()) EXPECT_NE(event["event"], "path_back");
  EXPECT_FALSE(std::filesystem::exists(server.path()));
}

// It spares sockets that the kernel knows by their path.
TEST(PathTest, ACleanerOfOldFilesLeavesTheSocketOfALiveServer) {
  constexpr char kCleaner[] = "/usr/bin/systemd-tmpfiles";
  if (access(kCleaner, X_OK) != 0) GTEST_SKIP() << "there is no systemd-tmpfiles";
  const support::TempDir dir;
  const std::string directory = dir.Path("d");
  ASSERT_TRUE(std::filesystem::create_directory(directory));
  const std::string other = directory + "/other";
  std::ofstream(other) << "old";
  // Started by a relative path, as a person does.
  ServerProcess server(
      {.path = "s", .flags = {}, .spawn = {.directory = directory, .environment = {}}});
  const std::string socket = directory + "/s";
  for (const std::string& path : {other, socket}) {
    const std::array<timespec, 2> old = {};
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), old.data(), AT_SYMLINK_NOFOLLOW), 0);
  }
  const std::string rules = dir.Path("rules.conf");
  std::ofstream(rules) << "d " << directory << " 0755 - - am:1h\n";
  const support::Finished cleaner = support::RunToEnd({kCleaner, "--clean", rules});
  if (std::filesystem::exists(other)) GTEST_SKIP() << "it cleans nothing here: " << cleaner.err;
  EXPECT_EQ(RunClient({socket, "hi"}).out, "hi\n");
  EXPECT_EQ(server.Stop(), kClean);
  for (const auto& event : server.AllEvents()) EXPECT_NE(event["event"], "path_lost");
}

// As the kubelet does: it connects to each socket that appears, but for names with a dot in front.
TEST(PathTest, AWatcherOfTheDirectorySeesNoOtherSocket) {
  const support::TempDir dir;
  const uds::UniqueFd inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  ASSERT_GE(inotify_add_watch(inotify.get(), dir.path().c_str(), IN_CREATE | IN_MOVED_TO), 0);
  {
    ServerProcess killed({.path = dir.Path("s"), .flags = {}, .spawn = {}});
    killed.Signal(SIGKILL);
    killed.Wait();
  }
  ServerProcess server({.path = dir.Path("s"), .flags = {}, .spawn = {}});
  ASSERT_EQ(unlink(server.path().c_str()), 0);
  server.Event("path_back");
  std::set<std::string> names;
  alignas(inotify_event) std::array<char, 4096> events;
  for (ssize_t size = 0; (size = read(inotify.get(), events.data(), events.size())) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* const event = reinterpret_cast<const inotify_event*>(&events[at]);
      if (event->name[0] != '.') names.insert(event->name);
      at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
    }
  }
  EXPECT_EQ(names, (std::set<std::string>{"s", "s.lock"}));
  EXPECT_EQ(server.Stop(), kClean);
}

TEST(PathTest, ReplacementOfThePathIsNoticedAndLeft) {
  ServerProcess server;
  const std::string precious = absl::StrCat(server.path(), ".precious");
  std::ofstream(precious) << "precious";
  ASSERT_EQ(rename(precious.c_str(), server.path().c_str()), 0);
  EXPECT_EQ(server.Event("path_lost")["fields"]["code"], "FAILED_PRECONDITION");
  EXPECT_EQ(server.Stop(), kClean);
  EXPECT_TRUE(std::filesystem::is_regular_file(server.path()));
}

TEST(PathTest, OnceWhatReplacedItIsGoneItIsMadeAgain) {
  ServerProcess server;
  std::ofstream(absl::StrCat(server.path(), ".other")) << "other";
  ASSERT_EQ(rename(absl::StrCat(server.path(), ".other").c_str(), server.path().c_str()), 0);
  server.Event("path_lost");
  ASSERT_EQ(unlink(server.path().c_str()), 0);
  server.Event("path_back");
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  EXPECT_EQ(server.Stop(), kClean);
}

}  // namespace
}  // namespace udsecho::integration
