// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A folder of a test's own for its files, removed with all in it at the end.
//
//   const TestFolder folder;
//   std::ofstream(folder.Path("key")) << "...";

#ifndef TOKENS_TEST_FOLDER_H_
#define TOKENS_TEST_FOLDER_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace tokens {

class TestFolder {
 public:
  TestFolder() { EXPECT_NE(mkdtemp(path_.data()), nullptr) << path_; }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = ::testing::TempDir() + "/tokens.XXXXXX";
};

}  // namespace tokens

#endif  // TOKENS_TEST_FOLDER_H_
