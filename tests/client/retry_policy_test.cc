// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --retry's values, and gRFC A6's figures: without a clock, and with chance given.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/retry/call_retry.h"
#include "client/retry/service_config.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;

constexpr AttemptEnd kUnavailable = {.code = absl::StatusCode::kUnavailable};
constexpr AttemptEnd kOk = {};

RetryPolicy PolicyOf(absl::string_view text) {
  const absl::StatusOr<ServiceConfig> config = ParseRetry(text);
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? config->methods.at(0).retry.value_or(RetryPolicy{}) : RetryPolicy{};
}

std::string Error(absl::string_view text) {
  const absl::StatusOr<ServiceConfig> config = ParseRetry(text);
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_THAT(std::string(config.status().message()), testing::StartsWith("--retry: "));
  return std::string(config.status().message());
}

// One that is right but for what is said in `more`.
std::string Policy(absl::string_view more) {
  auto policy = nlohmann::json::parse(
      R"({"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2,
          "retryableStatusCodes": ["UNAVAILABLE"]})");
  policy.merge_patch(nlohmann::json::parse(more.begin(), more.end()));
  return policy.dump();
}

TEST(RetryPolicyTest, ANumberStandsForTheUsualFigures) {
  const absl::StatusOr<ServiceConfig> config = ParseRetry("4");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->waits_for_ready());
  const RetryPolicy policy = PolicyOf("4");
  EXPECT_EQ(policy.max_attempts, 4);
  EXPECT_EQ(policy.initial_backoff, absl::Milliseconds(100));
  EXPECT_EQ(policy.max_backoff, absl::Seconds(1));
  EXPECT_EQ(policy.multiplier, 2);
  EXPECT_EQ(policy.codes.to_ulong(), 1UL << 14);
  EXPECT_EQ(PolicyOf("100").max_attempts, 5);
}

TEST(RetryPolicyTest, APolicyMeansWhatItSaysAlone) {
  const absl::StatusOr<ServiceConfig> config =
      ParseRetry(Policy(R"({"maxAttempts": 7, "retryableStatusCodes": ["not_found", 8]})"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_FALSE(config->waits_for_ready());
  const MethodConfig* const method = config->Find("/any.Service/Method");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->retry->max_attempts, 5);
  EXPECT_EQ(method->retry->codes.to_ulong(), (1UL << 5) | (1UL << 8));
  // gRPC takes names alone.
  EXPECT_THAT(config->json, HasSubstr(R"(["NOT_FOUND","RESOURCE_EXHAUSTED"])"));
}

TEST(RetryPolicyTest, TheNearestNameOfAServiceConfigHolds) {
  const auto entry = [](const char* name, int attempts) {
    return absl::StrCat(R"({"name": [)", name, R"(], "retryPolicy": )",
                        Policy(absl::StrCat(R"({"maxAttempts": )", attempts, "}")), "}");
  };
  const absl::StatusOr<ServiceConfig> config = ParseRetry(
      absl::StrCat(R"({"methodConfig": [)", entry("{}", 2), ",", entry(R"({"service": "a.B"})", 3),
                   ",", entry(R"({"service": "a.B", "method": "C"})", 4),
                   R"(], "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.5}})"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->Find("/a.B/C")->retry->max_attempts, 4);
  EXPECT_EQ(config->Find("/a.B/D")->retry->max_attempts, 3);
  EXPECT_EQ(config->Find("/x.Y/C")->retry->max_attempts, 2);
  EXPECT_EQ(config->throttling->max_tokens, 10);
  EXPECT_EQ(config->throttling->token_ratio, 0.5);
}

TEST(RetryPolicyTest, BrokenValuesAreNamed) {
  for (const char* number : {"1", "0", "-3"}) EXPECT_THAT(Error(number), HasSubstr("from 2 to 5"));
  for (const char* text : {"x", "4x", "", "[]"}) EXPECT_THAT(Error(text), HasSubstr("such as 4"));
  EXPECT_THAT(Error("{"), HasSubstr("JSON"));
  EXPECT_THAT(Error("{}"), HasSubstr("maxAttempts"));
  for (const auto& [more, part] : std::vector<std::pair<const char*, const char*>>{
           {R"({"maxAttempts": 1})", "maxAttempts"},
           {R"({"maxAttempts": 2.5})", "maxAttempts"},
           {R"({"maxAttempts": "4"})", "maxAttempts"},
           {R"({"maxAttempts": null})", "maxAttempts"},
           {R"({"initialBackoff": "100ms"})", "initialBackoff"},
           {R"({"initialBackoff": "0s"})", "initialBackoff"},
           {R"({"initialBackoff": "s"})", "initialBackoff"},
           {R"({"initialBackoff": ""})", "initialBackoff"},
           {R"({"initialBackoff": 0.1})", "initialBackoff"},
           {R"({"maxBackoff": "-1s"})", "maxBackoff"},
           {R"({"backoffMultiplier": 0})", "backoffMultiplier"},
           {R"({"backoffMultiplier": "2"})", "backoffMultiplier"},
           {R"({"retryableStatusCodes": []})", "retryableStatusCodes"},
           {R"({"retryableStatusCodes": ["OK"]})", "retryableStatusCodes"},
           {R"({"retryableStatusCodes": [0]})", "retryableStatusCodes"},
           {R"({"retryableStatusCodes": [17]})", "retryableStatusCodes"},
           {R"({"retryableStatusCodes": [{}]})", "retryableStatusCodes"},
           {R"({"perAttemptRecvTimeout": 1})", "perAttemptRecvTimeout"},
           {R"({"maxAttemps": 4})", "maxAttemps"}}) {
    EXPECT_THAT(Error(Policy(more)), HasSubstr(part)) << more;
  }
}

TEST(RetryPolicyTest, BrokenServiceConfigsAreNamed) {
  for (const auto& [text, part] : std::vector<std::pair<const char*, const char*>>{
           {R"({"methodConfig": {}})", "methodConfig"},
           {R"({"methodConfig": []})", "retryPolicy"},
           {R"({"methodConfig": [4]})", "methodConfig"},
           {R"({"methodConfig": [{"name": [{}]}]})", "retryPolicy"},
           {R"({"methodConfig": [{"name": [{}], "retryPolicy": 4}]})", "retryPolicy"},
           {R"({"methodConfig": [{"retryPolicy": {}}]})", "name"},
           {R"({"methodConfig": [{"name": [{}], "hedgingPolicy": {}}]})", "hedgingPolicy"},
           {R"({"methodConfig": [{"name": [{}], "waitForReady": 1}]})", "waitForReady"},
           {R"({"methodConfig": [], "retryThrottling": {"maxTokens": 0}})", "maxTokens"},
           {R"({"methodConfig": [], "retryThrottling": {"maxTokens": 2}})", "tokenRatio"},
           {R"({"methodConfig": [], "retryThrottling": 7})", "maxTokens"}}) {
    EXPECT_THAT(Error(text), HasSubstr(part)) << text;
  }
}

TEST(CallRetryTest, TheBackoffGrowsToItsBound) {
  const RetryPolicy policy = {.max_attempts = 5,
                              .initial_backoff = absl::Milliseconds(100),
                              .max_backoff = absl::Milliseconds(350),
                              .multiplier = 2,
                              .codes = 1UL << 14,
                              .attempt_timeout = std::nullopt};
  Throttle throttle(std::nullopt);
  CallRetry retry(&policy, &throttle);
  for (int call = 0; call < 2; ++call) {
    retry.Restart();
    EXPECT_EQ(retry.Next(kUnavailable, 0.5), absl::Milliseconds(50));
    EXPECT_EQ(retry.Next(kUnavailable, 0.5), absl::Milliseconds(100));
    EXPECT_EQ(retry.Next(kUnavailable, 0), absl::ZeroDuration());
    EXPECT_EQ(retry.previous_attempts(), 3);
    EXPECT_EQ(retry.Next(kUnavailable, 1.0), absl::Milliseconds(350));
    EXPECT_EQ(retry.Next(kUnavailable, 0.5), std::nullopt);
  }
}

TEST(CallRetryTest, WhatIsNotSentAgain) {
  const RetryPolicy policy = PolicyOf("5");
  Throttle throttle(std::nullopt);
  CallRetry retry(&policy, &throttle);
  EXPECT_EQ(retry.Next(kOk, 0.5), std::nullopt);
  EXPECT_EQ(retry.Next({.code = absl::StatusCode::kInternal}, 0.5), std::nullopt);
  EXPECT_EQ(retry.Next({.code = absl::StatusCode::kUnavailable, .committed = true}, 0.5),
            std::nullopt);
  EXPECT_EQ(retry.Next({.code = absl::StatusCode::kUnavailable, .pushback_ms = -1}, 0.5),
            std::nullopt);
  CallRetry without(nullptr, nullptr);
  EXPECT_EQ(without.Next(kUnavailable, 0.5), std::nullopt);
}

TEST(CallRetryTest, TheServersTimeBeginsTheBackoffAnew) {
  const RetryPolicy policy = PolicyOf("5");
  Throttle throttle(std::nullopt);
  CallRetry retry(&policy, &throttle);
  EXPECT_EQ(retry.Next(kUnavailable, 1.0), absl::Milliseconds(100));
  EXPECT_EQ(retry.Next({.code = absl::StatusCode::kUnavailable, .pushback_ms = 7000}, 1.0),
            absl::Seconds(7));
  EXPECT_EQ(retry.Next(kUnavailable, 1.0), absl::Milliseconds(100));
}

TEST(CallRetryTest, WhatWasNotSeenIsRepeatedOnceForNothing) {
  const RetryPolicy policy = PolicyOf("2");
  Throttle throttle(std::nullopt);
  CallRetry retry(&policy, &throttle);
  constexpr AttemptEnd kUnseen = {.code = absl::StatusCode::kUnavailable, .unseen = true};
  EXPECT_EQ(retry.Next(kUnseen, 1.0), absl::ZeroDuration());
  EXPECT_EQ(retry.previous_attempts(), 0);
  EXPECT_EQ(retry.Next(kUnseen, 1.0), absl::Milliseconds(100));
  EXPECT_EQ(retry.Next(kUnseen, 1.0), std::nullopt);
}

TEST(CallRetryTest, AServerThatFailsTooOftenIsNotAskedTwice) {
  const RetryPolicy policy = PolicyOf("2");
  Throttle throttle(RetryThrottling{.max_tokens = 4, .token_ratio = 0.5});
  const auto may_retry = [&] {
    return CallRetry(&policy, &throttle).Next(kUnavailable, 0.5).has_value();
  };
  const auto succeed = [&] { CallRetry(&policy, &throttle).Next(kOk, 0.5); };
  EXPECT_TRUE(may_retry());   // 3 of 4
  EXPECT_FALSE(may_retry());  // 2, which is half
  succeed();
  succeed();
  succeed();                  // 3.5
  EXPECT_TRUE(may_retry());   // 2.5
  EXPECT_FALSE(may_retry());  // 1.5
  // What no policy is for does not count.
  for (int i = 0; i < 20; ++i) succeed();
  for (int i = 0; i < 20; ++i) {
    CallRetry(&policy, &throttle).Next({.code = absl::StatusCode::kInternal}, 0.5);
  }
  EXPECT_TRUE(may_retry());
}

TEST(CallRetryTest, PushbackIsANumber) {
  EXPECT_EQ(PushbackOf("0"), 0);
  EXPECT_EQ(PushbackOf("1500"), 1500);
  for (const char* no : {"-1", "", "soon", "1.5", "99999999999"}) EXPECT_LT(PushbackOf(no), 0);
}

}  // namespace
}  // namespace udsecho::client
