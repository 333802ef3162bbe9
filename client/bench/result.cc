// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/result.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace udsecho::client {
namespace {

// What a call may begin too late, for one in a hundred, before the client is to blame.
constexpr absl::Duration kLate = absl::Milliseconds(1);

}  // namespace

double Result::CallsPerSecond() const {
  return static_cast<double>(calls()) / std::max(absl::ToDoubleSeconds(duration), 1e-9);
}

double Result::BytesPerSecond() const {
  return CallsPerSecond() * static_cast<double>(size) * messages;
}

void Judge(Result* result) {
  const absl::Duration late = result->measured.lateness.Percentile(99);
  if (result->rate > 0) {
    // In an open loop it waits awake for what is due: how busy it is says nothing.
    if (late < kLate) return;
    result->limit = absl::StrFormat(
        "1 %% of the calls began %.1f ms or more after they were due: all %d places were taken, or "
        "the client had no time; the latency counts from when they were due",
        absl::ToDoubleMilliseconds(late), result->concurrency);
  } else if (result->busy >= kClientIsTheLimit) {
    result->limit = absl::StrFormat(
        "the client was the limit, not the server: its busiest thread had work for %.0f %% of the "
        "time; try more --threads, with as many --connections, or give it a core of its own",
        result->busy * 100);
  }
}

const char* ShapeName(Shape shape) {
  switch (shape) {
    case Shape::kExpand:
      return "expand";
    case Shape::kCollect:
      return "collect";
    case Shape::kChat:
      return "chat";
    case Shape::kUnary:
      break;
  }
  return "unary";
}

}  // namespace udsecho::client
