// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What another server finds between the steps of a takeover, each of which is a renameat2(2).

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"
#include "uds/listener.h"

namespace {

// Called once so many names have been exchanged.
int steps_until = 0;
std::function<void()> between;  // NOLINT(cert-err58-cpp)

}  // namespace

// In the place of glibc's, for the library too. Its names for the parameters are reserved ones.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  const auto result = syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
  const int error = errno;
  if (--steps_until == 0) between();
  errno = error;
  return static_cast<int>(result);
}

namespace uds {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

absl::StatusOr<Listener> TakeOver(const std::string& path) {
  absl::StatusOr<Listener> listener =
      Listener::Open(AddressOf(path), {.claim = {.take_over = true}});
  if (!listener.ok()) return listener;
  if (absl::Status published = listener->Publish(); !published.ok()) return published;
  return listener;
}

class TakeoverBetweenTest : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Steps, TakeoverBetweenTest, testing::Values(1, 2));

TEST_P(TakeoverBetweenTest, TheNextOneIsRefusedAndSpoilsNothing) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  absl::StatusOr<Listener> before = Listener::Open(AddressOf(path));
  ASSERT_THAT(before, IsOk());
  absl::Status refused;
  between = [&] { refused = TakeOver(path).status(); };
  steps_until = GetParam();
  absl::StatusOr<Listener> after = TakeOver(path);
  ASSERT_LE(steps_until, 0);
  ASSERT_THAT(after, IsOk());
  EXPECT_THAT(refused,
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("just taking it over")));

  EXPECT_THAT(before->CheckStillOurs(), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(after->CheckStillOurs(), IsOk());
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(dir.path())) {
    names.push_back(file.path().filename());
  }
  EXPECT_THAT(names, UnorderedElementsAre("s", "s.lock"));
  EXPECT_THAT(TakeOver(path), IsOk());
}

}  // namespace
}  // namespace uds
