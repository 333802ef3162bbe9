// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A kernel or a sandbox that has less than the server can use: it serves with what there is, and says what is
// missing.

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/exit_codes.h"
#include "tests/integration/programs.h"
#include "tests/integration/server_process.h"
#include "tests/support/spawned_process.h"
#include "tests/support/temp_dir.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;

constexpr int kSetprivFailed = 127;

// Each such call fails; `more`: see refuse.cc.
ServerProcess::Options Without(const std::string& call, int error, const std::string& more = "",
                               const std::vector<std::string>& flags = {}) {
  const std::string library = std::filesystem::absolute(std::getenv("REFUSE_SO")).string();
  return {.path = "",
          .flags = flags,
          .spawn = {.directory = "",
                    .environment = {absl::StrCat("LD_PRELOAD=", library),
                                    absl::StrCat("REFUSE=", call, " 0 ", error, " ", more)}}};
}

void ExpectEcho(const ServerProcess& server) {
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
}

TEST(LessSystemTest, WithoutInotifyThePathIsLookedAtByTime) {
  ServerProcess server(Without("inotify_init1", EMFILE));
  const auto told = server.Event("not_available");
  EXPECT_EQ(told["level"], "warn");
  EXPECT_EQ(told["fields"]["what"], "inotify");
  ASSERT_EQ(unlink(server.path().c_str()), 0);
  server.Event("path_lost");
  server.Event("path_back");
  ExpectEcho(server);
  EXPECT_EQ(server.Stop(), kClean);
}

TEST(LessSystemTest, WithoutPeerGroupsItServesByThePrimaryGroup) {
  const std::string group = absl::StrCat("--allow=gid:", getegid() == 0 ? 1 : getegid());
  ServerProcess server(Without("getsockopt", ENOPROTOOPT, absl::StrCat(SO_PEERGROUPS), {group}));
  EXPECT_EQ(server.Event("not_available")["fields"]["what"], "peer_groups");
  ExpectEcho(server);
  EXPECT_EQ(RunClient({server.path(), "--whoami"}).exit_code, kExitOk);
  EXPECT_EQ(server.Stop(), kClean);
}

class ModeTest : public ::testing::Test {
 protected:
  ~ModeTest() override { umask(before_); }
  static mode_t ModeOf(const ServerProcess& server) {
    struct stat file = {};
    EXPECT_EQ(lstat(server.path().c_str(), &file), 0);
    return file.st_mode & 07777;
  }

 private:
  const mode_t before_ = umask(0077);
};

TEST_F(ModeTest, WhereTheFileSystemRefusesChmodItIsRightAnyway) {
  for (const char* const call : {"fchmodat", "fchmod"}) {
    ServerProcess server(Without(call, EINVAL));
    EXPECT_EQ(ModeOf(server), 0600) << call;
    ExpectEcho(server);
    EXPECT_EQ(server.Stop(), kClean);
  }
}

TEST_F(ModeTest, WhereItCannotBeMadeRightTheErrorSaysWhatToDo) {
  const support::TempDir dir;
  const support::Finished server =
      RunServer({dir.Path("s"), "--mode=0666"}, Without("fchmodat", EINVAL).spawn);
  EXPECT_EQ(server.exit_code, kAddressRefused);
  EXPECT_THAT(server.err, HasSubstr("umask 0111"));
  EXPECT_FALSE(std::filesystem::exists(dir.Path("s")));
}

TEST(LessSystemTest, WithFewDescriptorsItTakesFewerConnections) {
  ServerProcess server(
      {.path = "", .flags = {}, .spawn = {}, .by = {"/usr/bin/prlimit", "--nofile=256:256"}});
  const auto told = server.Event("not_available");
  EXPECT_EQ(told["level"], "info");
  EXPECT_EQ(told["fields"]["what"], "descriptors");
  EXPECT_THAT(std::string(told["fields"]["message"]), HasSubstr("--max_connections is 192"));
  ExpectEcho(server);
  EXPECT_EQ(server.Stop(), kClean);
}

TEST(LessSystemTest, MoreConnectionsThanDescriptorsAreWarnedOf) {
  ServerProcess server({.path = "",
                        .flags = {"--max_connections=1000"},
                        .spawn = {},
                        .by = {"/usr/bin/prlimit", "--nofile=256:256"}});
  EXPECT_EQ(server.Event("not_available")["level"], "warn");
  ExpectEcho(server);
  EXPECT_EQ(server.Stop(), kClean);
}

TEST(LessSystemTest, WithoutThreadsItSaysSoAndLeavesNothing) {
  const support::TempDir dir;
  // Of another user, as root may have any number.
  ASSERT_EQ(chmod(dir.path().c_str(), 01777), 0);
  const std::string program = dir.Path("server");  // where that user may run it
  ASSERT_TRUE(std::filesystem::copy_file(ServerCommand({}).front(), program));
  ASSERT_EQ(chmod(program.c_str(), 0755), 0);
  for (const char* const threads : {"--nproc=1", "--nproc=2", "--nproc=3"}) {
    const support::Finished server =
        support::RunToEnd({"/usr/bin/setpriv", "--reuid=4242", "--clear-groups", "/usr/bin/prlimit",
                           threads, program, dir.Path("s"), "--shards=2"});
    if (server.exit_code == kSetprivFailed && server.err.find("setpriv") != std::string::npos) {
      GTEST_SKIP() << "needs root, to become another user";
    }
    EXPECT_EQ(server.exit_code, kFailed) << server.err;
    EXPECT_THAT(server.err, HasSubstr("ulimit -u"));
    EXPECT_FALSE(std::filesystem::exists(dir.Path("s")));
  }
}

// Calls that are too much for it are refused, and the server goes on.
TEST(LessSystemTest, WithLittleMemoryItTakesLess) {
  for (const char* const limit : {"--as=600000000", "--data=160000000"}) {
    SCOPED_TRACE(limit);
    ServerProcess server({.path = "", .flags = {}, .spawn = {}, .by = {"/usr/bin/prlimit", limit}});
    EXPECT_EQ(server.Event("not_available")["fields"]["what"], "memory");
    const support::Finished load =
        RunClient({server.path(), "--bench", "--duration=2s", "--warmup=0", "--size=3MiB",
                   "--concurrency=60", "--connections=6"});
    EXPECT_THAT(load.out + load.err, HasSubstr("RESOURCE_EXHAUSTED"));
    ExpectEcho(server);
    EXPECT_EQ(server.Stop(), kClean);
  }
}

}  // namespace
}  // namespace udsecho::integration
