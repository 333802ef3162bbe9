// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The limits of Echo's requests, as echo.proto states them.
//
//   if (absl::Status checked = Check(request, Answers::kOne); !checked.ok()) ...end with it...
//   if (!co_await call.Sleep(DelayOf(request))) co_return;
//
// Thread safety: pure functions.

#ifndef SERVER_REQUEST_RULES_H_
#define SERVER_REQUEST_RULES_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho {

// Where a request stands: in a call with one answer, or in a stream, where a fault may wait.
enum class Answers { kOne, kMany };

// INVALID_ARGUMENT, naming the field, for a request that is outside of its limits.
absl::Status Check(const v1::EchoRequest& request, Answers answers);
absl::Status Check(const v1::ExpandRequest& request);

// Of requests that were checked.
absl::Duration DelayOf(const v1::EchoRequest& request);
absl::Duration DelayOf(const v1::ExpandRequest& request);
absl::Duration IntervalOf(const v1::ExpandRequest& request);

}  // namespace udsecho

#endif  // SERVER_REQUEST_RULES_H_
