// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who else can replace a file at a path: by the directories and links on the way to it.

#include "uds/path_trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/access_list.h"

namespace uds {
namespace {

using ::support::ChildProcess;
using ::support::Doorbell;
using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::StatusCode kRefused = absl::StatusCode::kFailedPrecondition;
constexpr uid_t kOther = 20001;  // without an account, as is its group

MATCHER_P(IsUntrusted, why, std::string("is untrusted because of ") + why) {
  *result_listener << "which says " << arg.ToString();
  return IsUntrustedPath(arg) && testing::Value(arg, StatusIs(kRefused, HasSubstr(why)));
}

class PathTrustTest : public testing::Test {
 protected:
  // A directory in this test's own, of that mode.
  std::string Make(const std::string& name, mode_t mode) {
    const std::string path = dir_.Path(name);
    EXPECT_EQ(mkdir(path.c_str(), 0700), 0) << path;
    EXPECT_EQ(chmod(path.c_str(), mode), 0) << path;
    return path;
  }

  absl::Status Check(const std::string& directory) { return CheckPathTrusted(directory + "/s"); }

  support::TempDir dir_;
};

TEST_F(PathTrustTest, ADirectoryThatOthersMayWriteHasToBeSticky) {
  const std::string path = Make("d", 0700);
  for (const mode_t mode : {0777, 0702, 02777}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THAT(Check(path), AllOf(IsUntrusted(path), IsUntrusted("everybody"),
                                   IsUntrusted("chmod go-w"), IsUntrusted("+t")));
  }
  for (const mode_t mode : {01777, 0755, 02755, 0700}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THAT(Check(path), IsOk());
  }
}

TEST_F(PathTrustTest, SoHasEachDirectoryAboveIt) {
  const std::string path = Make("w", 0777);
  Make("w/mine", 0700);
  Make("w/mine/deeper", 0700);
  EXPECT_THAT(Check(path + "/mine"), IsUntrusted(path));
  EXPECT_THAT(Check(path + "/mine/deeper"), IsUntrusted(path));
  EXPECT_THAT(Check(path + "/mine/../mine/./deeper"), IsUntrusted(path));
  ASSERT_EQ(chmod(path.c_str(), 01777), 0);
  EXPECT_THAT(Check(path + "/mine/deeper"), IsOk());
}

TEST_F(PathTrustTest, ARelativePathIsLookedAtFromTheRoot) {
  const std::string path = Make("w", 0777);
  Make("w/mine", 0700);
  ChildProcess child([&](Doorbell&) {
    EXPECT_EQ(chdir((path + "/mine").c_str()), 0);
    EXPECT_THAT(CheckPathTrusted("s"), IsUntrusted(path));
    EXPECT_THAT(CheckPathTrusted("./s"), IsUntrusted(path));
    EXPECT_EQ(chmod(path.c_str(), 0755), 0);
    EXPECT_THAT(CheckPathTrusted("s"), IsOk());
    EXPECT_THAT(CheckPathTrusted("../mine/s"), IsOk());
    return 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(PathTrustTest, LinksAreFollowedAndWhereTheyLeadCounts) {
  const std::string path = Make("w", 0777);
  const std::string mine = Make("w/mine", 0700);
  ASSERT_EQ(symlink("w/mine", dir_.Path("relative").c_str()), 0);
  ASSERT_EQ(symlink(mine.c_str(), dir_.Path("absolute").c_str()), 0);
  ASSERT_EQ(symlink("loop", dir_.Path("loop").c_str()), 0);
  EXPECT_THAT(Check(dir_.Path("relative")), IsUntrusted(path));
  EXPECT_THAT(Check(dir_.Path("absolute")), IsUntrusted(path));
  ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  EXPECT_THAT(Check(dir_.Path("relative")), IsOk());
  EXPECT_THAT(Check(dir_.Path("absolute")), IsOk());
  EXPECT_FALSE(Check(dir_.Path("loop")).ok());
  EXPECT_FALSE(IsUntrustedPath(Check(dir_.Path("loop"))));
}

TEST_F(PathTrustTest, ADirectoryThatIsMissingIsNoMatterOfTrust) {
  EXPECT_THAT(Check(dir_.Path("no")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no/s")));
  std::ofstream(dir_.Path("file")) << "x";
  EXPECT_THAT(Check(dir_.Path("file")), StatusIs(kRefused, HasSubstr("file/s")));
  EXPECT_FALSE(IsUntrustedPath(Check(dir_.Path("file"))));
}

TEST_F(PathTrustTest, AnAccessListThatLetsAnotherUserWrite) {
  const std::string path = Make("d", 0700);
  if (!SetAccessList(path, {{.tag = ACL_USER, .permissions = 7, .id = kOther}})) {
    GTEST_SKIP() << "the file system of /tmp has no access control lists";
  }
  EXPECT_THAT(Check(path), AllOf(IsUntrusted(absl::StrCat("uid ", kOther)), IsUntrusted(path),
                                 IsUntrusted("setfacl")));
  ASSERT_EQ(chmod(path.c_str(), 0750), 0);  // now the mask takes the right away
  EXPECT_THAT(Check(path), IsOk());
}

TEST_F(PathTrustTest, AccessListsThatLetNobodyElseWrite) {
  const std::string path = Make("d", 0700);
  if (!SetAccessList(path, {{.tag = ACL_USER, .permissions = 7, .id = geteuid()},
                            {.tag = ACL_USER, .permissions = 5, .id = kOther}})) {
    GTEST_SKIP() << "the file system of /tmp has no access control lists";
  }
  EXPECT_THAT(Check(path), IsOk());
}

TEST_F(PathTrustTest, AnAccessListThatLetsAGroupWrite) {
  const std::string path = Make("d", 0700);
  if (!SetAccessList(path, {{.tag = ACL_GROUP, .permissions = 7, .id = kOther}})) {
    GTEST_SKIP() << "the file system of /tmp has no access control lists";
  }
  EXPECT_THAT(Check(path), IsUntrusted(absl::StrCat("group ", kOther)));
  Make("d/mine", 0700);
  EXPECT_THAT(Check(path + "/mine"), IsUntrusted(absl::StrCat("group ", kOther)));
}

// What only root can set up.
class PathTrustOfOthersTest : public PathTrustTest {
 protected:
  void SetUp() override {
    const std::string probe = Make("probe", 0700);
    if (chown(probe.c_str(), kOther, kOther) != 0) GTEST_SKIP() << "needs root, to give files away";
    ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
  }

  // As it is for another user.
  void ExpectAs(uid_t uid, const std::string& directory, const testing::Matcher<absl::Status>& is) {
    ChildProcess child([&](Doorbell&) {
      if (!support::BecomeUser(uid)) return 1;
      EXPECT_THAT(Check(directory), is);
      return 0;
    });
    EXPECT_EQ(child.Wait(), 0) << directory;
  }
};

TEST_F(PathTrustOfOthersTest, AnotherUsersDirectory) {
  const std::string path = Make("theirs", 0755);
  Make("theirs/mine", 0700);
  for (const mode_t mode : {0755, 01755, 0555}) {
    ASSERT_EQ(chown(path.c_str(), kOther, kOther), 0);
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THAT(Check(path), IsUntrusted(absl::StrCat("uid ", kOther)));
    EXPECT_THAT(Check(path + "/mine"), IsUntrusted(absl::StrCat("uid ", kOther)));
  }
  ExpectAs(kOther, path, IsOk());
}

TEST_F(PathTrustOfOthersTest, GroupsOfOthers) {
  const std::string path = Make("d", 0755);
  ASSERT_EQ(chown(path.c_str(), -1, 4321), 0);
  for (const mode_t mode : {0770, 02775}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THAT(Check(path), IsUntrusted("group 4321"));
  }
  ASSERT_EQ(chmod(path.c_str(), 01770), 0);
  EXPECT_THAT(Check(path), IsOk());
}

TEST_F(PathTrustOfOthersTest, AGroupOfOnesOwn) {
  const std::string path = Make("d", 0755);
  ASSERT_EQ(chown(path.c_str(), kOther, kOther), 0);
  ASSERT_EQ(chmod(path.c_str(), 02775), 0);
  ExpectAs(kOther, path, IsOk());
  // The group of root is nobody else's, unless a process that is not root is in it.
  ASSERT_EQ(chown(path.c_str(), 0, 0), 0);
  ASSERT_EQ(chmod(path.c_str(), 0775), 0);
  EXPECT_THAT(Check(path), IsOk());
  ExpectAs(kOther, path, IsOk());
}

TEST_F(PathTrustOfOthersTest, TheAccountsOfTheMachineTellWhoIsInAGroup) {
  const std::string path = Make("d", 0755);
  std::ofstream(dir_.Path("passwd")) << "root:x:0:0::/:/bin/sh\nme:x:20001:20001::/:/bin/sh\n"
                                        "friend:x:20002:4323::/:/bin/sh\n";
  std::ofstream(dir_.Path("group")) << "root:x:0:\nme:x:20001:\nteam:x:4321:me,friend\n"
                                       "mine:x:4322:me,root\nfriends:x:4323:\nnobodys:x:4324:\n"
                                       "gone:x:4325:me,ghost\n";
  ASSERT_EQ(chmod(dir_.Path("passwd").c_str(), 0644), 0);
  ASSERT_EQ(chmod(dir_.Path("group").c_str(), 0644), 0);
  constexpr int kMayNot = 77;
  const auto check = [&](gid_t group, const testing::Matcher<absl::Status>& is) {
    ASSERT_EQ(chown(path.c_str(), kOther, group), 0);
    ASSERT_EQ(chmod(path.c_str(), 0770), 0);
    ChildProcess child([&](Doorbell&) {
      if (unshare(CLONE_NEWNS) != 0 ||
          mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          mount(dir_.Path("passwd").c_str(), "/etc/passwd", nullptr, MS_BIND, nullptr) != 0 ||
          mount(dir_.Path("group").c_str(), "/etc/group", nullptr, MS_BIND, nullptr) != 0 ||
          !support::BecomeUser(kOther)) {
        return kMayNot;
      }
      EXPECT_THAT(Check(path), is) << group;
      return 0;
    });
    const int code = child.Wait();
    if (code == kMayNot) GTEST_SKIP() << "needs a mount namespace";
    EXPECT_EQ(code, 0) << group;
  };
  check(20001, IsOk());
  check(4322, IsOk());
  check(4321, IsUntrusted("group 4321"));
  check(4323, IsUntrusted("group 4323"));  // another user's own, whom the group does not list
  check(4324, IsUntrusted("group 4324"));
  check(4325, IsUntrusted("group 4325"));
}

TEST_F(PathTrustOfOthersTest, LinksOfOthers) {
  Make("target", 0755);
  const std::string open = Make("open", 01777);
  const std::string closed = Make("closed", 0755);
  for (const std::string& directory : {open, closed}) {
    ASSERT_EQ(symlink("../target", (directory + "/link").c_str()), 0);
  }
  EXPECT_THAT(Check(open + "/link"), IsOk());
  for (const std::string& directory : {open, closed}) {
    ASSERT_EQ(lchown((directory + "/link").c_str(), kOther, kOther), 0);
  }
  EXPECT_THAT(Check(open + "/link"),
              AllOf(IsUntrusted(open + "/link"), IsUntrusted(absl::StrCat("uid ", kOther))));
  EXPECT_THAT(Check(closed + "/link"), IsOk());  // who owns a link cannot change it
}

TEST_F(PathTrustOfOthersTest, OnesOwnDirectoryInAStickyOne) {
  Make("open", 01777);
  const std::string mine = Make("open/mine", 0700);
  EXPECT_THAT(Check(mine), IsOk());
  ASSERT_EQ(chown(mine.c_str(), kOther, kOther), 0);
  ExpectAs(kOther, mine, IsOk());
  EXPECT_THAT(Check(mine), IsUntrusted(absl::StrCat("uid ", kOther)));
}

}  // namespace
}  // namespace uds
