// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// An expectation that does not hold ends a fuzzer at once, so that libFuzzer keeps the input.

#include <gtest/gtest.h>

#include <cstdlib>

namespace {

class EndAtFailure final : public ::testing::EmptyTestEventListener {
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (result.failed()) std::abort();
  }
};

}  // namespace

// libFuzzer calls it at the beginning.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  ::testing::UnitTest::GetInstance()->listeners().Append(new EndAtFailure);
  return 0;
}
