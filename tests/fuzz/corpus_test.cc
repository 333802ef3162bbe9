// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Runs a fuzzer's function on each file of its corpus: its argument is the folder. So all that was
// found once stays fixed, with any compiler.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

// As libFuzzer names it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::string folder;

TEST(CorpusTest, Holds) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  ASSERT_FALSE(files.empty()) << folder;
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file);
    std::cout << file << '\n' << std::flush;  // should it end the process
    std::ifstream in(file, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
}

TEST(CorpusTest, NothingAtAllHoldsToo) { LLVMFuzzerTestOneInput(nullptr, 0); }

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  folder = argc > 1 ? argv[1] : "";
  return RUN_ALL_TESTS();
}
