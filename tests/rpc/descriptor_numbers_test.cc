// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/descriptor_numbers.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <set>
#include <vector>

#include "tests/support/status_matchers.h"

namespace rpc {
namespace {

using support::IsOk;
using support::StatusIs;

class DescriptorNumbersTest : public ::testing::Test {
 protected:
  DescriptorNumbersTest() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{.rlim_cur = 200, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
  }
  ~DescriptorNumbersTest() override { setrlimit(RLIMIT_NOFILE, &before_); }

  rlimit before_{};
  const uds::UniqueFd original_{eventfd(0, EFD_CLOEXEC)};
};

TEST_F(DescriptorNumbersTest, ClosedNumbersDoNotComeBackSoon) {
  DescriptorNumbers numbers;
  std::set<int> seen;
  for (int i = 0; i < 100; ++i) {
    const absl::StatusOr<uds::UniqueFd> duplicate = numbers.Duplicate(original_.get());
    ASSERT_THAT(duplicate, IsOk());
    EXPECT_TRUE(seen.insert(duplicate->get()).second) << duplicate->get();
    EXPECT_TRUE(fcntl(duplicate->get(), F_GETFD) & FD_CLOEXEC);
  }
}

TEST_F(DescriptorNumbersTest, StartsAgainAtTheBottom) {
  DescriptorNumbers numbers;
  for (int i = 0; i < 1000; ++i) ASSERT_THAT(numbers.Duplicate(original_.get()), IsOk());
}

TEST_F(DescriptorNumbersTest, ALimitLoweredLaterLeavesTheLowest) {
  DescriptorNumbers numbers;
  ASSERT_THAT(numbers.Duplicate(original_.get()), IsOk());
  const rlimit fewer{.rlim_cur = 50, .rlim_max = before_.rlim_max};
  setrlimit(RLIMIT_NOFILE, &fewer);
  EXPECT_THAT(numbers.Duplicate(original_.get()), IsOk());
}

TEST_F(DescriptorNumbersTest, AllInUseIsSaidAndPasses) {
  DescriptorNumbers numbers;
  std::vector<uds::UniqueFd> held;
  absl::StatusOr<uds::UniqueFd> duplicate = numbers.Duplicate(original_.get());
  for (; duplicate.ok(); duplicate = numbers.Duplicate(original_.get())) {
    held.push_back(*std::move(duplicate));
  }
  EXPECT_THAT(duplicate, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_GT(held.size(), 100U);
  held.pop_back();
  EXPECT_THAT(numbers.Duplicate(original_.get()), IsOk());
}

}  // namespace
}  // namespace rpc
