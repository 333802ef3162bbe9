// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/request_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "tests/support/status_matchers.h"

namespace udsecho {
namespace {

using support::StatusIs;
using ::testing::HasSubstr;

google::protobuf::Duration Duration(int64_t seconds, int32_t nanos = 0) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds);
  duration.set_nanos(nanos);
  return duration;
}

void ExpectRefused(const absl::Status& status, const std::string& field) {
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
}

TEST(RequestRulesTest, DelayUpToAnHour) {
  v1::EchoRequest request;
  EXPECT_TRUE(Check(request, Answers::kOne).ok());
  EXPECT_EQ(DelayOf(request), absl::ZeroDuration());
  for (const auto& fine :
       {Duration(0), Duration(0, 1), Duration(3600), Duration(3599, 999'999'999)}) {
    *request.mutable_delay() = fine;
    EXPECT_TRUE(Check(request, Answers::kOne).ok()) << fine.ShortDebugString();
  }
  EXPECT_EQ(DelayOf(request), absl::Seconds(3600) - absl::Nanoseconds(1));
}

TEST(RequestRulesTest, OtherDelaysAndIntervals) {
  constexpr auto kMost = std::numeric_limits<int64_t>::max();
  for (const auto& wrong : {Duration(-1), Duration(0, -1), Duration(3600, 1), Duration(3601),
                            Duration(0, 1'000'000'000), Duration(kMost), Duration(1, -1)}) {
    v1::EchoRequest request;
    *request.mutable_delay() = wrong;
    ExpectRefused(Check(request, Answers::kOne), "delay");
    ExpectRefused(Check(request, Answers::kMany), "delay");
    v1::ExpandRequest expand;
    *expand.mutable_delay() = wrong;
    ExpectRefused(Check(expand), "delay");
    expand.clear_delay();
    *expand.mutable_interval() = wrong;
    ExpectRefused(Check(expand), "interval");
  }
}

TEST(RequestRulesTest, AFaultWaitsInStreamsOnly) {
  v1::EchoRequest request;
  request.mutable_fault()->set_code(1);
  EXPECT_TRUE(Check(request, Answers::kOne).ok());
  request.mutable_fault()->set_after_messages(1);
  ExpectRefused(Check(request, Answers::kOne), "after_messages");
  EXPECT_TRUE(Check(request, Answers::kMany).ok());
}

TEST(RequestRulesTest, EveryFaultIsChecked) {
  v1::EchoRequest request;
  request.mutable_fault();
  ExpectRefused(Check(request, Answers::kOne), "code");
  ExpectRefused(Check(request, Answers::kMany), "code");
  v1::ExpandRequest expand;
  expand.mutable_fault();
  ExpectRefused(Check(expand), "code");
}

TEST(RequestRulesTest, CountUpToAMillion) {
  v1::ExpandRequest request;
  for (const int fine : {0, 1, 1'000'000}) {
    request.set_count(fine);
    EXPECT_TRUE(Check(request).ok()) << fine;
  }
  for (const int wrong : {-1, 1'000'001}) {
    request.set_count(wrong);
    ExpectRefused(Check(request), "count");
  }
}

}  // namespace
}  // namespace udsecho
