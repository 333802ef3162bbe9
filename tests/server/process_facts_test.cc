// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/process_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace udsecho {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ProcessFactsTest, ResidentBytesAreThoseOfAProcess) {
  EXPECT_GT(ResidentBytes(), 100'000U);
  EXPECT_LT(ResidentBytes(), std::uint64_t{1} << 40);
}

TEST(ProcessFactsTest, CommandOfAProcess) {
  EXPECT_EQ(CommandOf(getpid()), "process_facts_t");
  EXPECT_EQ(CommandOf(-1), "");
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
