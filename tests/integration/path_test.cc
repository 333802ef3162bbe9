// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A path that is lost while the server runs: noticed, and not made worse.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

TEST(PathTest, RemovalOfThePathIsNoticed) {
  ServerProcess server;
  const std::string elsewhere = absl::StrCat(server.path(), ".moved");
  ASSERT_EQ(rename(server.path().c_str(), elsewhere.c_str()), 0);
  EXPECT_EQ(server.Event("path_lost")["fields"]["code"], "NOT_FOUND");
  EXPECT_EQ(RunClient({elsewhere, "hi"}).out, "hi\n");
  ASSERT_EQ(rename(elsewhere.c_str(), server.path().c_str()), 0);
  server.Event("path_back");
  ASSERT_EQ(unlink(server.path().c_str()), 0);
  EXPECT_EQ(server.Event("path_lost", 2)["level"], "warn");
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

}  // namespace
}  // namespace udsecho::integration
