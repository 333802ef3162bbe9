// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// gMock matchers for absl::Status and absl::StatusOr.
//
//   EXPECT_THAT(listener.Release(), IsOk());
//   ASSERT_THAT(Address::Parse(""), StatusIs(absl::StatusCode::kInvalidArgument,
//   HasSubstr("empty")));

#ifndef TESTS_SUPPORT_STATUS_MATCHERS_H_
#define TESTS_SUPPORT_STATUS_MATCHERS_H_

#include <gmock/gmock.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace support {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }

template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, negation ? "is an error" : "is OK") {
  *result_listener << "which says " << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(StatusIs, code,
          std::string(negation ? "is not " : "is ") + absl::StatusCodeToString(code)) {
  *result_listener << "which says " << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

MATCHER_P2(StatusIs, code, message_matcher,
           std::string(negation ? "is not " : "is ") + absl::StatusCodeToString(code) +
               " with a message that " +
               testing::DescribeMatcher<std::string>(message_matcher, negation)) {
  *result_listener << "which says " << StatusOf(arg).ToString();
  const std::string message(StatusOf(arg).message());
  return StatusOf(arg).code() == code && testing::Matches(message_matcher)(message);
}

}  // namespace support

#endif  // TESTS_SUPPORT_STATUS_MATCHERS_H_
