// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/flag_file.h"

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace udsecho {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FlagFileTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(path_) << text; }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("flags");
  const std::string flag_ = absl::StrCat("--flagfile=", path_);
};

TEST_F(FlagFileTest, LinesStandWhereTheFlagDoes) {
  Write("# a comment\n\n  --reply=two words  \r\n--interop");
  const auto expanded = ExpandFlagFiles({"/tmp/s", flag_, "--shards=2"});
  ASSERT_THAT(expanded, IsOk());
  EXPECT_THAT(expanded->all,
              ElementsAre("/tmp/s", flag_, "--reply=two words", "--interop", "--shards=2"));
  EXPECT_THAT(expanded->of_file, ElementsAre("--reply=two words", "--interop"));
}

TEST_F(FlagFileTest, TheFileMayBeAnArgumentOfItsOwn) {
  Write("--interop\n");
  EXPECT_THAT(ExpandFlagFiles({"--flagfile", path_})->all,
              ElementsAre("--flagfile", path_, "--interop"));
}

TEST_F(FlagFileTest, NoneIsNone) {
  for (const char* argument : {"--flagfile", "--flagfile=", "--flagfiles=x"}) {
    const auto expanded = ExpandFlagFiles({argument});
    ASSERT_THAT(expanded, IsOk());
    EXPECT_THAT(expanded->all, ElementsAre(argument));
  }
  EXPECT_THAT(ExpandFlagFiles({"--", flag_})->all, ElementsAre("--", flag_));
}

TEST_F(FlagFileTest, AMissingOneIsNamed) {
  EXPECT_THAT(ExpandFlagFiles({flag_}), StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
}

TEST_F(FlagFileTest, OneInAnotherAndOneWithoutAnEndAreRefused) {
  Write("--flagfile=other");
  EXPECT_THAT(ExpandFlagFiles({flag_}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ExpandFlagFiles({"--flagfile=/dev/zero"}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(FlagFileTest, SomeFlagsNeedNoRestart) {
  EXPECT_TRUE(IsReloadable("--allow=uid:1"));
  EXPECT_TRUE(IsReloadable("--access_log"));
  EXPECT_FALSE(IsReloadable("--allowance=1"));
  EXPECT_FALSE(IsReloadable("--grace=1s"));
}

}  // namespace
}  // namespace udsecho
