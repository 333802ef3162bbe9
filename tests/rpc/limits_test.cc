// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Limits that make no sense are named.

#include "rpc/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>

#include "absl/time/time.h"
#include "tests/support/status_matchers.h"

namespace rpc {
namespace {

using support::IsOk;
using support::StatusIs;
using ::testing::HasSubstr;

struct Wrong {
  std::string member;
  std::function<void(Limits&)> set;
};

TEST(LimitsTest, TheUsualOnesMakeSense) { EXPECT_THAT(Limits().Check(), IsOk()); }

TEST(LimitsTest, TheLeastAndTheMostMakeSense) {
  EXPECT_THAT((Limits{.max_connections = 1,
                      .max_connections_per_uid = 1,
                      .max_silent_connections = 1,
                      .handshake_timeout = absl::Nanoseconds(1),
                      .max_calls = 1,
                      .max_calls_per_uid = 1,
                      .max_message_bytes = 1,
                      .max_metadata_bytes = 1024,
                      .max_memory_bytes = 16 << 20,
                      .send_timeout = absl::Nanoseconds(1),
                      .max_connection_idle = absl::Nanoseconds(1),
                      .max_connection_age = absl::Nanoseconds(1),
                      .max_connection_age_grace = absl::ZeroDuration(),
                      .min_ping_interval = absl::ZeroDuration()})
                  .Check(),
              IsOk());
  constexpr int kMost = std::numeric_limits<int>::max();
  EXPECT_THAT((Limits{.max_connections = kMost,
                      .max_connections_per_uid = kMost,
                      .max_silent_connections = kMost,
                      .handshake_timeout = absl::InfiniteDuration(),
                      .max_calls = kMost,
                      .max_calls_per_uid = kMost,
                      .max_message_bytes = kMost,
                      .max_metadata_bytes = 1 << 20,
                      .max_memory_bytes = std::int64_t{1} << 40,
                      .send_timeout = absl::InfiniteDuration(),
                      .max_connection_age_grace = absl::InfiniteDuration(),
                      .min_ping_interval = absl::InfiniteDuration()})
                  .Check(),
              IsOk());
}

TEST(LimitsTest, EachThatMakesNoSenseIsNamed) {
  const Wrong wrongs[] = {
      {"max_connections ", [](Limits& limits) { limits.max_connections = 0; }},
      {"max_connections_per_uid ", [](Limits& limits) { limits.max_connections_per_uid = 0; }},
      {"max_silent_connections ", [](Limits& limits) { limits.max_silent_connections = 0; }},
      {"max_calls ", [](Limits& limits) { limits.max_calls = 0; }},
      {"max_calls_per_uid ", [](Limits& limits) { limits.max_calls_per_uid = -1; }},
      {"max_message_bytes ", [](Limits& limits) { limits.max_message_bytes = 0; }},
      {"max_metadata_bytes ", [](Limits& limits) { limits.max_metadata_bytes = 1023; }},
      {"max_metadata_bytes ", [](Limits& limits) { limits.max_metadata_bytes = (1 << 20) + 1; }},
      {"max_memory_bytes ", [](Limits& limits) { limits.max_memory_bytes = (16 << 20) - 1; }},
      {"handshake_timeout ",
       [](Limits& limits) { limits.handshake_timeout = absl::ZeroDuration(); }},
      {"send_timeout ", [](Limits& limits) { limits.send_timeout = absl::ZeroDuration(); }},
      {"max_connection_idle ",
       [](Limits& limits) { limits.max_connection_idle = absl::ZeroDuration(); }},
      {"max_connection_age ",
       [](Limits& limits) { limits.max_connection_age = absl::ZeroDuration(); }},
      {"max_connection_age_grace ",
       [](Limits& limits) { limits.max_connection_age_grace = -absl::Nanoseconds(1); }},
      {"min_ping_interval ",
       [](Limits& limits) { limits.min_ping_interval = -absl::Nanoseconds(1); }},
  };
  for (const Wrong& wrong : wrongs) {
    Limits limits;
    wrong.set(limits);
    EXPECT_THAT(limits.Check(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Limits::" + wrong.member)));
  }
}

TEST(LimitsTest, ConnectionsFitTheDescriptorsThatTheProcessMayHave) {
  EXPECT_EQ(Limits().max_connections, Limits::kUsualConnections);
  const auto with_few = [](rlim_t descriptors) {
    const rlimit few = {.rlim_cur = std::min<rlim_t>(descriptors, 100), .rlim_max = descriptors};
    if (setrlimit(RLIMIT_NOFILE, &few) != 0) std::abort();
    return Limits();
  };
  EXPECT_EXIT(
      {
        const Limits limits = with_few(1000);
        std::exit(limits.max_connections == 936 && limits.max_connections_per_uid == 468 &&
                          limits.max_silent_connections == 468
                      ? 0
                      : 1);
      },
      ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(
      {
        const Limits limits = with_few(20);
        std::exit(limits.max_connections == 1 && limits.Check().ok() ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(LimitsTest, TheCallsOfAUidFitAnEighthOfTheMemory) {
  EXPECT_EQ((Limits{.max_calls_per_uid = 100}).CallsPerUid(), 100);
  EXPECT_EQ((Limits{.max_calls_per_uid = 2048, .max_memory_bytes = 16 << 20}).CallsPerUid(),
            (16 << 20) / 8 / Limits::kCallBytes);
}

}  // namespace
}  // namespace rpc
