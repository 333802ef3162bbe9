// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --allow, seen by users other than the server's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSetpriv[] = "/usr/bin/setpriv";

class AllowTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    if (access(kSetpriv, X_OK) != 0) GTEST_SKIP() << "needs " << kSetpriv;
    // Out of root's own directories, where others may run it.
    ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
    client_ = dir_.Path("client");
    std::filesystem::copy_file(ClientCommand({}).front(), client_);
    if (As(1001, 1001, {"--version"}).exit_code != 0) {
      GTEST_SKIP() << "needs a user namespace with other uids";
    }
  }

  support::Finished As(uid_t uid, gid_t gid, const std::vector<std::string>& arguments,
                       const std::string& groups = "") {
    std::vector<std::string> command = {
        kSetpriv, absl::StrCat("--reuid=", uid), absl::StrCat("--regid=", gid),
        groups.empty() ? "--clear-groups" : absl::StrCat("--groups=", groups), client_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return support::RunToEnd(command, "", {.directory = "/", .environment = {}});
  }

  void ExpectAnswered(const support::Finished& client) {
    EXPECT_EQ(client.out, "hi\n") << client.err;
  }
  void ExpectDenied(const support::Finished& client) {
    EXPECT_EQ(client.exit_code, kPermissionDenied);
    EXPECT_TRUE(IsOneLine(client.err)) << client.err;
    EXPECT_THAT(client.err, Not(HasSubstr("1001")));  // who else may is not for it to know
  }

  const support::TempDir dir_;
  std::string client_;
};

TEST_F(AllowTest, LetsInWhomItNamesAndNoOther) {
  ServerProcess server(
      {.path = dir_.Path("s"),
       .flags = {"--mode=0666", "--allow=uid:1001,gid:2001", "--allow=user:daemon"},
       .spawn = {}});
  const std::vector<std::string> hi = {server.path(), "hi"};
  ExpectAnswered(As(1001, 1, hi));
  ExpectAnswered(As(5001, 2001, hi));
  ExpectAnswered(As(5001, 5001, hi, "7,2001"));
  ExpectAnswered(As(1, 1, hi));  // daemon
  ExpectAnswered(RunClient(hi));
  ExpectDenied(As(5001, 5001, hi));
  ExpectDenied(As(2001, 5001, hi, "1002"));
  ExpectDenied(As(5001, 1002, hi));
  EXPECT_EQ(server.Stop(), kClean);
  for (const nlohmann::json& event : server.AllEvents()) {
    EXPECT_NE(event["event"], "others_shut_out");
  }
}

TEST_F(AllowTest, OnAnAbstractName) {
  const std::string address = absl::StrCat("unix-abstract:", dir_.Path("s"));
  ServerProcess server({.path = address, .flags = {"--allow=uid:1001"}, .spawn = {}});
  ExpectAnswered(As(1001, 1001, {address, "hi"}));
  ExpectDenied(As(5001, 5001, {address, "hi"}));
}

// The mode decides who may connect, before the list does who may call.
TEST_F(AllowTest, ModeComesFirst) {
  ServerProcess server({.path = dir_.Path("s"), .flags = {"--allow=uid:1001"}, .spawn = {}});
  EXPECT_EQ(server.Event("others_shut_out")["fields"]["mode"], "0600");
  EXPECT_EQ(As(1001, 1001, {server.path(), "hi"}).exit_code, kExitNoConnection);
  ExpectAnswered(RunClient({server.path(), "hi"}));
}

TEST_F(AllowTest, GroupOfTheSocketMayConnect) {
  ServerProcess server(
      {.path = dir_.Path("s"), .flags = {"--mode=0660", "--group=2001"}, .spawn = {}});
  ExpectAnswered(As(5001, 2001, {server.path(), "hi"}));
  ExpectAnswered(As(5001, 5001, {server.path(), "hi"}, "2001"));
  EXPECT_EQ(As(5001, 5001, {server.path(), "hi"}).exit_code, kExitNoConnection);
}

}  // namespace
}  // namespace udsecho::integration
