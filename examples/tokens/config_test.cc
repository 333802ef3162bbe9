// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The configuration, as people write it, and the policy that it makes.

#include "config.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "file.h"
#include "test_folder.h"

namespace tokens {
namespace {

constexpr char kConfig[] = R"({
  "public_socket": "/run/tokens/public",
  "admin_socket": "/run/tokens/admin",
  "key_file": "/etc/tokens/key",
  "lifetime_seconds": 60,  // a comment
  "rules": [{"audience": "db", "uids": [1000], "gids": [33]}, {"audience": "web", "uids": [0]}]
})";

TEST(ConfigTest, Parses) {
  const absl::StatusOr<Config> config = ParseConfig(kConfig);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->public_socket, "/run/tokens/public");
  EXPECT_EQ(config->admin_socket, "/run/tokens/admin");
  EXPECT_EQ(config->key_file, "/etc/tokens/key");
  EXPECT_EQ(config->lifetime, absl::Minutes(1));
  EXPECT_TRUE(config->policy.Check({.uid = 1000, .gid = 1}, "db").ok());
}

TEST(ConfigTest, KnowsUsersAndGroupsByName) {
  const absl::StatusOr<Config> config = ParseConfig(absl::StrReplaceAll(
      kConfig, {{R"("uids": [0])", R"("users": ["daemon"], "uids": [7], "groups": ["adm"])"}}));
  ASSERT_TRUE(config.ok()) << config.status();
  const uid_t daemon = getpwnam("daemon")->pw_uid;
  const gid_t adm = getgrnam("adm")->gr_gid;
  EXPECT_TRUE(config->policy.Check({.uid = daemon, .gid = 12345}, "web").ok());
  EXPECT_TRUE(config->policy.Check({.uid = 7, .gid = 12345}, "web").ok());
  EXPECT_TRUE(config->policy.Check({.uid = 12345, .gid = 1, .groups = {adm}}, "web").ok());
  EXPECT_FALSE(config->policy.Check({.uid = 12345, .gid = 12345}, "web").ok());
}

TEST(ConfigTest, SaysWhereItIsWrong) {
  struct Mistake {
    std::string from, to, said;
  };
  const Mistake mistakes[] = {
      {"}]\n}", "", "not JSON"},
      {"60", "9", "\"lifetime_seconds\""},
      {"60", "-60", "\"lifetime_seconds\""},
      {"60", "1e99", "\"lifetime_seconds\""},
      {"\"/etc/tokens/key\"", "5", "\"key_file\""},
      {"\"lifetime_seconds\"", "\"life_time\"", "\"life_time\" is not known"},
      {"[1000]", "1000", "rule 1: \"uids\" is not a list"},
      {"[1000]", "[\"ada\"]", "rule 1: \"uids\""},
      {"[0]", "[4294967295]", "rule 2: \"uids\""},
      {"[0]", "[65534]", "rule 2: \"uids\""},
      {R"("uids": [0])", R"("users": "root")", "rule 2: \"users\" is not a list"},
      {R"("uids": [0])", R"("users": [0])", "rule 2: \"users\""},
      {R"("uids": [0])", R"("users": [""])", "rule 2: \"users\""},
      {R"("uids": [0])", R"("users": ["no-such-user"])", "no user 'no-such-user'"},
      {R"("uids": [0])", R"("users": ["root\u0000"])", "rule 2: \"users\""},
      {R"("uids": [0])", R"("users": ["nobody"])", "65534"},
      {R"("uids": [0])", R"("groups": ["no-such-group"])", "no group 'no-such-group'"},
      {"\"web\"", "\"\"", "rule 2: \"audience\""},
      {R"({"audience": "web", "uids": [0]})", "[]", "rule 2: the value is not an object"},
  };
  for (const auto& each : mistakes) {
    const absl::Status status =
        ParseConfig(absl::StrReplaceAll(kConfig, {{each.from, each.to}})).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << each.to;
    EXPECT_TRUE(absl::StrContains(status.message(), each.said)) << status;
  }
  for (const char* text : {"", "[]", "5", "null", "{}", "\xff"}) {
    EXPECT_EQ(ParseConfig(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(PolicyTest, AllowsByUidAndByGroup) {
  const Policy policy(
      {{.audience = "db", .uids = {1000}, .gids = {33}}, {.audience = "web", .gids = {44}}});
  EXPECT_TRUE(policy.Check({.uid = 1000, .gid = 1}, "db").ok());
  EXPECT_TRUE(policy.Check({.uid = 2, .gid = 33}, "db").ok());
  EXPECT_TRUE(policy.Check({.uid = 2, .gid = 1, .groups = {7, 33}}, "db").ok());
  for (const char* audience : {"db", "web", "", "none"}) {
    EXPECT_EQ(policy.Check({.uid = 33, .gid = 1000, .groups = {7}}, audience).code(),
              absl::StatusCode::kPermissionDenied)
        << audience;
  }
  EXPECT_FALSE(policy.Check({.uid = 1000, .gid = 1}, "web").ok());
  EXPECT_FALSE(Policy().Check({.uid = 0, .gid = 0}, "db").ok());
}

class FileTest : public ::testing::Test {
 protected:
  absl::StatusCode Read(mode_t mode, Secrecy secrecy) {
    chmod(path_.c_str(), mode);
    return ReadSmallFile(path_, secrecy).status().code();
  }

  const TestFolder folder_;
  const std::string path_ = folder_.Path("file");
};

TEST_F(FileTest, IsReadIfItsModeIsRight) {
  std::ofstream(path_) << "text";
  EXPECT_EQ(*ReadSmallFile(path_, Secrecy::kNone), "text");
  EXPECT_EQ(Read(0644, Secrecy::kNone), absl::StatusCode::kOk);
  EXPECT_EQ(Read(0640, Secrecy::kSecret), absl::StatusCode::kOk);
  EXPECT_EQ(Read(0644, Secrecy::kSecret), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Read(0660, Secrecy::kNone), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Read(0602, Secrecy::kNone), absl::StatusCode::kFailedPrecondition);
  std::ofstream(path_) << std::string(64 * 1024 + 1, 'x');
  EXPECT_EQ(Read(0600, Secrecy::kSecret), absl::StatusCode::kFailedPrecondition);
  unlink(path_.c_str());
  EXPECT_EQ(Read(0600, Secrecy::kSecret), absl::StatusCode::kNotFound);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);  // which nobody writes to
  EXPECT_EQ(Read(0600, Secrecy::kSecret), absl::StatusCode::kFailedPrecondition);
  unlink(path_.c_str());
}

}  // namespace
}  // namespace tokens
