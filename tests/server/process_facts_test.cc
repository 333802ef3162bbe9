// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/process_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temp_dir.h"
#include "uds/peer_credentials.h"
#include "uds/unique_fd.h"

namespace udsecho {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ProcessFactsTest, ResidentBytesAreThoseOfAProcess) {
  EXPECT_GT(ResidentBytes(), 100'000U);
  EXPECT_LT(ResidentBytes(), std::uint64_t{1} << 40);
}

TEST(ProcessFactsTest, CommandOfAProcess) {
  uds::PeerCredentials peer;
  EXPECT_EQ(CommandOf(peer), "");
  peer.pid = getpid();
  EXPECT_EQ(CommandOf(peer), "process_facts_t");
  peer.pid = -1;
  EXPECT_EQ(CommandOf(peer), "");
}

TEST(ProcessFactsTest, NoCommandOfTheNextProcessWithThatPid) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const uds::UniqueFd one(pair[0]);
  const uds::UniqueFd other(pair[1]);
  uds::PeerCredentials peer = uds::ReadPeerCredentials(one.get()).value();
  if (!peer.process.has_value()) GTEST_SKIP() << "this kernel does not tell";
  EXPECT_EQ(CommandOf(peer), "process_facts_t");
  peer.process = *peer.process + 1;
  EXPECT_EQ(CommandOf(peer), "");
}

TEST(ProcessFactsTest, UserNamesAreTheFirstOfEachUid) {
  const support::TempDir dir;
  const std::string path = dir.Path("passwd");
  std::ofstream(path) << "root:x:0:0::/root:/bin/sh\n"
                      << "\n"
                      << "no line of a passwd file\n"
                      << "toor:x:0:0::/root:/bin/sh\n"
                      << "jane:x:1000:1000:Jane:/home/jane:/bin/sh\n";
  EXPECT_THAT(ReadUserNames(path.c_str()),
              UnorderedElementsAre(Pair(0, "root"), Pair(1000, "jane")));
}

TEST(ProcessFactsTest, NoFileNoNames) {
  const support::TempDir dir;
  EXPECT_TRUE(ReadUserNames(dir.Path("passwd").c_str()).empty());
}

}  // namespace
}  // namespace udsecho
