// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/statistics.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;

// Their mean is 3 ms, and the mean of their squares 12.5: a deviation of the root of 3.5.
class FourOfFive : public Statistics {
 public:
  FourOfFive() : Statistics("there") {
    for (int i = 0; i < 5; ++i) Sent();
    for (const int ms : {1, 2, 3, 6}) Received(absl::Milliseconds(ms));
  }
};

TEST(StatisticsTest, Text) {
  const std::string text = FourOfFive().Text();
  EXPECT_THAT(text, HasSubstr("--- there ---\n5 sent, 4 received, 20% lost, in "));
  EXPECT_THAT(text, HasSubstr("\nround trip min/avg/max/mdev = 1.000/3.000/6.000/1.871 ms, "));
}

TEST(StatisticsTest, Line) {
  EXPECT_THAT(FourOfFive().Line(),
              testing::StartsWith("4/5 received, 20% lost, min/avg/max/mdev = 1.000/3.000/"));
  EXPECT_EQ(Statistics("there").Line(), "0/0 received, 0% lost");
}

TEST(StatisticsTest, Json) {
  const nlohmann::ordered_json json = FourOfFive().Json()["statistics"];
  EXPECT_EQ(json["sent"], 5);
  EXPECT_EQ(json["received"], 4);
  const auto us = [&](const char* name) { return json["round_trip_us"][name].get<double>(); };
  EXPECT_DOUBLE_EQ(us("min"), 1000);
  EXPECT_DOUBLE_EQ(us("avg"), 3000);
  EXPECT_DOUBLE_EQ(us("max"), 6000);
  EXPECT_NEAR(us("mdev"), 1870.829, 0.001);
  EXPECT_NEAR(us("p50"), 2000, 10);  // right to half a percent
  EXPECT_DOUBLE_EQ(us("p99"), 6000);
}

TEST(StatisticsTest, OfNothing) {
  Statistics statistics("there");
  statistics.Sent();
  EXPECT_THAT(statistics.Text(), HasSubstr("1 sent, 0 received, 100% lost"));
  EXPECT_FALSE(statistics.Json()["statistics"].contains("round_trip_us"));
}

}  // namespace
}  // namespace udsecho::client
