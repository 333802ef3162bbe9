// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/peer_credentials.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <numeric>
#include <optional>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"

namespace uds {
namespace {

using ::support::ChildProcess;
using ::support::Doorbell;
using ::support::IsOk;
using ::support::StatusIs;
using ::testing::HasSubstr;

constexpr int kMayNot = 77;  // a child's exit code: this machine does not let it try

TEST(PeerCredentialsTest, NamesOurselves) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  UniqueFd a(pair[0]), b(pair[1]);
  std::vector<gid_t> groups(getgroups(0, nullptr));
  ASSERT_GE(getgroups(groups.size(), groups.data()), 0);

  absl::StatusOr<PeerCredentials> peer = ReadPeerCredentials(a.get());
  ASSERT_THAT(peer, IsOk());
  EXPECT_EQ(peer->uid, geteuid());
  EXPECT_EQ(peer->gid, getegid());
  EXPECT_EQ(peer->pid, getpid());
  EXPECT_THAT(peer->groups, testing::UnorderedElementsAreArray(groups));
}

TEST(PeerCredentialsTest, KnowsWhetherThePidIsStillThatProcesss) {
  support::TempDir dir;
  UniqueFd server = Listening(dir.Path("s"));
  ChildProcess child([&](Doorbell& parent) {
    const UniqueFd connection = Dial(dir.Path("s"));
    parent.Ring();
    parent.Wait();
    return 0;
  });
  ASSERT_TRUE(child.bell().Wait());
  UniqueFd connection(accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const PeerCredentials peer = ReadPeerCredentials(connection.get()).value();
  if (!peer.process.has_value()) GTEST_SKIP() << "this kernel does not tell";
  EXPECT_EQ(peer.pid, child.pid());
  EXPECT_EQ(IsStillItsPid(peer), true);
  PeerCredentials other = peer;
  other.pid = getpid();  // as if that number were given to this process
  EXPECT_EQ(IsStillItsPid(other), false);
  child.bell().Ring();
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(IsStillItsPid(peer), false);
  other.process.reset();
  EXPECT_EQ(IsStillItsPid(other), std::nullopt);
}

TEST(PeerCredentialsTest, NobodyIsOurselvesInAUserNamespaceThatDoesNotMapAll) {
  PeerCredentials peer;
  peer.uid = geteuid();
  EXPECT_TRUE(IsOurUser(peer) || geteuid() == 65534);
  ++peer.uid;
  EXPECT_FALSE(IsOurUser(peer));
  const auto is_ourselves = [&](bool in_a_namespace) {
    ChildProcess child([&](Doorbell&) {
      if (in_a_namespace ? unshare(CLONE_NEWUSER) != 0 : setresuid(65534, 65534, 65534) != 0) {
        return kMayNot;
      }
      EXPECT_EQ(geteuid(), 65534u);
      peer.uid = 65534;
      return IsOurUser(peer) ? 1 : 0;
    });
    return child.Wait();
  };
  for (const bool in_a_namespace : {false, true}) {
    const int code = is_ourselves(in_a_namespace);
    if (code == kMayNot) GTEST_SKIP() << "needs root, and user namespaces";
    EXPECT_EQ(code, in_a_namespace ? 0 : 1);
  }
}

TEST(PeerCredentialsTest, TheKernelTellsGroupsHere) { EXPECT_TRUE(KernelTellsPeerGroups()); }

TEST(PeerCredentialsTest, NamesAnotherUserWithManyGroups) {
  support::TempDir dir;
  ASSERT_EQ(chmod(dir.path().c_str(), 0755), 0);
  const std::string path = dir.Path("s");
  UniqueFd server = Listening(path);
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  std::vector<gid_t> groups(1000);  // more than fit at first
  std::iota(groups.begin(), groups.end(), 2000);

  ChildProcess child([&](Doorbell& parent) {
    if (setgroups(groups.size(), groups.data()) != 0 || setresgid(1234, 1234, 1234) != 0 ||
        setresuid(1235, 1235, 1235) != 0) {
      return kMayNot;
    }
    UniqueFd connection = Dial(path);
    EXPECT_TRUE(connection.valid());
    parent.Ring();
    parent.Wait();
    return 0;
  });
  const pid_t pid = child.pid();
  if (!child.bell().Wait()) {
    ASSERT_EQ(child.Wait(), kMayNot);
    GTEST_SKIP() << "needs root, to become another user";
  }
  UniqueFd connection(accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
  absl::StatusOr<PeerCredentials> peer = ReadPeerCredentials(connection.get());
  child.bell().Ring();
  EXPECT_EQ(child.Wait(), 0);
  ASSERT_THAT(peer, IsOk());
  EXPECT_EQ(peer->uid, 1235u);
  EXPECT_EQ(peer->gid, 1234u);
  EXPECT_EQ(peer->groups, groups);
  EXPECT_EQ(peer->pid, pid);
  // The child has ended; the name stays that of who connected.
  EXPECT_EQ(ReadPeerCredentials(connection.get())->uid, 1235u);
}

TEST(PeerCredentialsTest, HasNoPidFromAnotherPidNamespace) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  UniqueFd a(pair[0]), b(pair[1]);
  ChildProcess child([&](Doorbell&) {
    if (unshare(CLONE_NEWPID) != 0) return kMayNot;
    ChildProcess inside([&](Doorbell&) {
      absl::StatusOr<PeerCredentials> peer = ReadPeerCredentials(a.get());
      EXPECT_THAT(peer, IsOk());
      EXPECT_EQ(peer->pid, std::nullopt);
      EXPECT_EQ(peer->uid, geteuid());
      return 0;
    });
    return inside.Wait();
  });
  const int code = child.Wait();
  if (code == kMayNot) GTEST_SKIP() << "needs root, to make a pid namespace";
  EXPECT_EQ(code, 0);
}

TEST(PeerCredentialsTest, RefusesWhatHasNoPeer) {
  constexpr absl::StatusCode kPrecondition = absl::StatusCode::kFailedPrecondition;
  UniqueFd unconnected(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_THAT(ReadPeerCredentials(unconnected.get()), StatusIs(kPrecondition, HasSubstr("peer")));
  UniqueFd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (tcp.valid()) {
    EXPECT_THAT(ReadPeerCredentials(tcp.get()), StatusIs(kPrecondition));
  }
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  UniqueFd reader(pipe_ends[0]), writer(pipe_ends[1]);
  EXPECT_FALSE(ReadPeerCredentials(reader.get()).ok());
  EXPECT_FALSE(ReadPeerCredentials(-1).ok());
}

}  // namespace
}  // namespace uds
