// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/bound_sockets.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"

namespace uds {
namespace {

SocketFile FileAt(const std::string& path) {
  const struct stat file = Stat(path);
  return {file.st_dev, file.st_ino, std::filesystem::path(path).filename()};
}

using Lookup = absl::StatusOr<bool> (*)(const SocketFile&);

class BoundSocketsTest : public testing::TestWithParam<Lookup> {
 protected:
  bool Lookup(const std::string& path) { return GetParam()(FileAt(path)).value(); }

  support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
};

INSTANTIATE_TEST_SUITE_P(Ways, BoundSocketsTest,
                         testing::Values(&IsBound, &IsBoundInSockDiag, &IsBoundInProcNetUnix));

TEST_P(BoundSocketsTest, SeesWhoIsBound) {
  UniqueFd fd = Bound(path_);
  EXPECT_TRUE(Lookup(path_));
  fd.reset();
  EXPECT_FALSE(Lookup(path_));
}

TEST_P(BoundSocketsTest, SeesWhoListensAndWhoStoppedListening) {
  UniqueFd fd = Listening(path_);
  EXPECT_TRUE(Lookup(path_));
  shutdown(fd.get(), SHUT_RD);
  EXPECT_TRUE(Lookup(path_));
}

TEST_P(BoundSocketsTest, SeesSocketsOfOtherTypes) {
  UniqueFd fd = Bound(path_, SOCK_DGRAM);
  EXPECT_TRUE(Lookup(path_));
}

TEST_P(BoundSocketsTest, DoesNotCountAcceptedConnections) {
  UniqueFd server = Listening(path_);
  UniqueFd client = Dial(path_);
  UniqueFd accepted(accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(accepted.valid());
  server.reset();
  EXPECT_FALSE(Lookup(path_));
}

TEST_P(BoundSocketsTest, IsNotMisledByAnotherOfThatName) {
  LeaveDeadSocket(path_);
  ASSERT_EQ(mkdir(dir_.Path("other").c_str(), 0700), 0);
  UniqueFd other = Listening(dir_.Path("other/s"));
  EXPECT_FALSE(Lookup(path_));
}

TEST(BoundSocketsBySockDiagTest, IsNotMisledByOneThatLostItsFile) {
  support::TempDir dir;
  UniqueFd unlinked = Listening(dir.Path("s"));
  ASSERT_EQ(rename(dir.Path("s").c_str(), dir.Path("kept").c_str()), 0);  // its inode stays taken
  LeaveDeadSocket(dir.Path("s"));
  EXPECT_FALSE(IsBoundInSockDiag(FileAt(dir.Path("s"))).value());
}

TEST(BoundSocketsBySockDiagTest, SeesThroughRenames) {
  support::TempDir dir;
  UniqueFd fd = Bound(dir.Path("before"));
  ASSERT_EQ(rename(dir.Path("before").c_str(), dir.Path("after").c_str()), 0);
  EXPECT_TRUE(IsBoundInSockDiag(FileAt(dir.Path("after"))).value());
}

TEST(BoundSocketsBySockDiagTest, FindsOneAmongMany) {
  support::TempDir dir;
  std::vector<UniqueFd> crowd;
  crowd.reserve(900);
  for (int i = 0; i < 900; ++i) crowd.push_back(Bound(dir.Path(std::to_string(i))));
  EXPECT_TRUE(IsBoundInSockDiag(FileAt(dir.Path("0"))).value());
  EXPECT_TRUE(IsBoundInSockDiag(FileAt(dir.Path("899"))).value());
  crowd.erase(crowd.begin() + 450);
  EXPECT_FALSE(IsBoundInSockDiag(FileAt(dir.Path("450"))).value());
}

}  // namespace
}  // namespace uds
