// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/callers_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace uds {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::HasSubstr;

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

TEST_F(CallersDirectoryTest, GoesWhereTheVariableSays) {
  support::TempDir dir;
  setenv("BUILD_WORKING_DIRECTORY", dir.path().c_str(), 1);
  EXPECT_THAT(EnterCallersDirectory(), IsOk());
  EXPECT_EQ(std::filesystem::current_path(), dir.path());
}

TEST_F(CallersDirectoryTest, SaysWhichDirectoryIsNotThere) {
  support::TempDir dir;
  setenv("BUILD_WORKING_DIRECTORY", dir.Path("gone").c_str(), 1);
  EXPECT_THAT(EnterCallersDirectory(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(dir.Path("gone"))));
  EXPECT_EQ(std::filesystem::current_path(), before_);
}

}  // namespace
}  // namespace uds
