// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/callers_directory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace uds {
namespace {

using ::support::IsOk;

class CallersDirectoryTest : public testing::Test {
 protected:
  void TearDown() override {
    unsetenv("BUILD_WORKING_DIRECTORY");
    std::filesystem::current_path(before_);
  }

  const std::filesystem::path before_ = std::filesystem::current_path();
};

TEST_F(CallersDirectoryTest, StaysWithoutTheVariable) {
  unsetenv("BUILD_WORKING_DIRECTORY");
  EXPECT_THAT(EnterCallersDirectory(), IsOk());
  EXPECT_EQ(std::filesystem::current_path(), before_);

  setenv("BUILD_WORKING_DIRECTORY", "", 1);
  EXPECT_THAT(EnterCallersDirectory(), IsOk());
  EXPECT_EQ(std::filesystem::current_path(), before_);
}

// What it does under `bazel run` is in tests/integration/callers_directory_test.cc.
TEST_F(CallersDirectoryTest, StaysIfBazelDoesNotRunIt) {
  support::TempDir dir;
  setenv("BUILD_WORKING_DIRECTORY", dir.path().c_str(), 1);
  std::filesystem::current_path("/");
  EXPECT_THAT(EnterCallersDirectory(), IsOk());
  EXPECT_EQ(std::filesystem::current_path(), "/");

  setenv("BUILD_WORKING_DIRECTORY", dir.Path("gone").c_str(), 1);
  EXPECT_THAT(EnterCallersDirectory(), IsOk());
}

}  // namespace
}  // namespace uds
