// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace rpc {
namespace {

using support::IsOk;
using support::StatusIs;
using ::testing::HasSubstr;
using ::testing::Optional;

class PlacesTest : public ::testing::Test {
 protected:
  void Take(uid_t uid, int count) {
    for (int i = 0; i < count; ++i) places_.Take(uid);
  }

  Places places_{{.max_connections = 10, .max_connections_per_uid = 6}};
};

TEST_F(PlacesTest, AUidHasItsLimit) {
  Take(1000, 6);
  const Places::Verdict verdict = places_.For(1000);
  EXPECT_THAT(verdict.status,
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("uid 1000")));
  EXPECT_FALSE(verdict.from.has_value());
  EXPECT_THAT(places_.For(1001).status, IsOk());
  places_.Give(1000);
  EXPECT_THAT(places_.For(1000).status, IsOk());
}

TEST_F(PlacesTest, WhenAllAreTakenTheOneWithMostMakesPlace) {
  Take(1000, 6);
  Take(1001, 4);
  const Places::Verdict verdict = places_.For(1002);
  EXPECT_THAT(verdict.status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(verdict.from, Optional(1000U));
}

TEST_F(PlacesTest, AmongEqualsNobodyMakesPlace) {
  Take(1000, 5);
  Take(1001, 5);
  EXPECT_FALSE(places_.For(1000).from.has_value());
  places_.Give(1001);
  places_.Take(1000);
  EXPECT_THAT(places_.For(1001).from, Optional(1000U)) << "6 and 4 become 5 and 5";
}

TEST_F(PlacesTest, AllWhoMayNotCallHaveOneUidsPlaces) {
  Take(Places::kDenied, 6);
  EXPECT_THAT(places_.For(Places::kDenied).status,
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("may not call")));
}

}  // namespace
}  // namespace rpc
