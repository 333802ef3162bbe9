// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/manager_reports.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace udsecho {
namespace {

// Asked for in pieces, so that a server which gets stuck meanwhile is not waited for to the end.
constexpr absl::Duration kMoreTime = absl::Seconds(10);
constexpr absl::Duration kMoreTimeEvery = absl::Seconds(5);

// After the grace: the cut takes a second at most (rpc/drain.h), then the process ends.
constexpr absl::Duration kAfterGrace = absl::Seconds(3);

}  // namespace

void ManagerReports::Serving() {
  if (!notifier_.enabled()) return;
  notifier_.Ready();
  TellStatus();
  if (const std::optional<absl::Duration> watchdog = notifier_.watchdog(); watchdog.has_value()) {
    server_.After(absl::ZeroDuration(), [this, interval = *watchdog / 2] { Beat(interval); });
  }
}

void ManagerReports::ConnectionOpened() {
  open_.fetch_add(1, std::memory_order_relaxed);
  Stir();
}

void ManagerReports::ConnectionClosed() {
  open_.fetch_sub(1, std::memory_order_relaxed);
  Stir();
}

void ManagerReports::Draining(absl::Duration grace) {
  if (!notifier_.enabled()) return;
  notifier_.Stopping();
  draining_ = true;
  TellStatus();
  AskForTime(http2::Clock::System()->Now() + http2::ToNanoseconds(grace + kAfterGrace));
}

void ManagerReports::TellStatus() {
  armed_ = false;  // before looking: what happens from now on is told by the next
  notifier_.Status(absl::StrCat(draining_ ? "Stopping" : "Serving", ": ",
                                open_.load(std::memory_order_relaxed), " connections, ",
                                server_.statistics().calls_begun, " calls so far"));
}

void ManagerReports::Beat(absl::Duration interval) {
  server_.AskThreads([this] { notifier_.StillAlive(); });
  server_.After(interval, [this, interval] { Beat(interval); });
}

void ManagerReports::AskForTime(http2::Nanoseconds until) {
  const absl::Duration left = absl::Nanoseconds(until - http2::Clock::System()->Now());
  if (left <= absl::ZeroDuration()) return;
  notifier_.MoreTime(std::min(left, kMoreTime));
  server_.After(kMoreTimeEvery, [this, until] { AskForTime(until); });
}

}  // namespace udsecho
