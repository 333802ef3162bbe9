// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/penalties.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"

namespace rpc {
namespace {

constexpr absl::Duration kMoment = absl::Milliseconds(1);

TEST(PenaltiesTest, LastsItsTimeAndIsForItsUidAlone) {
  Penalties penalties;
  const absl::Time start = absl::UnixEpoch();
  penalties.Add(1000, start);
  EXPECT_TRUE(penalties.IsOut(1000, start));
  EXPECT_TRUE(penalties.IsOut(1000, start + Penalties::kFirst - kMoment));
  EXPECT_FALSE(penalties.IsOut(1000, start + Penalties::kFirst));
  EXPECT_FALSE(penalties.IsOut(1001, start));
}

TEST(PenaltiesTest, ThatOfAFloodIsOneWhateverItsConnections) {
  Penalties penalties;
  const absl::Time start = absl::UnixEpoch();
  for (int i = 0; i < 20; ++i) penalties.Add(1000, start + i * kMoment);
  EXPECT_FALSE(penalties.IsOut(1000, start + Penalties::kFirst));
}

TEST(PenaltiesTest, DoublesToTheLongestAndIsForgotten) {
  Penalties penalties;
  absl::Time now = absl::UnixEpoch();
  for (absl::Duration length = Penalties::kFirst; length < 4 * Penalties::kLongest; length *= 2) {
    penalties.Add(1000, now);
    now += std::min(length, Penalties::kLongest);
    EXPECT_TRUE(penalties.IsOut(1000, now - kMoment));
    EXPECT_FALSE(penalties.IsOut(1000, now));
  }
  now += Penalties::kRemembered;
  penalties.Add(1000, now);
  EXPECT_FALSE(penalties.IsOut(1000, now + Penalties::kFirst));
}

}  // namespace
}  // namespace rpc
