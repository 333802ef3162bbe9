// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/worker.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "grpc/support/time.h"

namespace udsecho::client {
namespace {

// epoll_wait(2) counts in milliseconds: what is due earlier is waited for awake.
constexpr std::chrono::milliseconds kAwake{1};

gpr_timespec Until(std::chrono::nanoseconds left) {
  if (left <= std::chrono::nanoseconds::zero()) return gpr_inf_past(GPR_CLOCK_MONOTONIC);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(left.count(), GPR_TIMESPAN));
}

}  // namespace

Worker::Worker(const Plan& plan, const WorkerShare& share, Collector* collector)
    : plan_(plan),
      share_(share),
      collector_(*collector),
      queue_(grpc_completion_queue_create_for_next(nullptr)),
      channels_(plan, share.connections) {
  exchanges_.reserve(share.concurrency);
  for (int i = 0; i < share.concurrency; ++i) {
    exchanges_.push_back(std::make_unique<Exchange>(plan, queue_, i % share.connections));
  }
  // The last is the next: they begin in order.
  for (const std::unique_ptr<Exchange>& exchange : exchanges_) idle_.push_back(exchange.get());
  std::reverse(idle_.begin(), idle_.end());
}

Worker::~Worker() {
  grpc_completion_queue_shutdown(queue_);
  while (grpc_completion_queue_next(queue_, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr).type !=
         GRPC_QUEUE_SHUTDOWN) {
  }
  exchanges_.clear();
  grpc_completion_queue_destroy(queue_);
}

void Worker::Run() {
  now_ = connected_ = heard_ = Clock::now();
  // Without a warm-up, what counts begins before a busy machine has this thread run.
  start_ = std::min(now_, count_at_.load());
  next_tick_ = now_ + kTick;
  while (!stop_ && (MayBegin() || in_flight_ > 0) && !GivesUp()) {
    if (counting_ && !counted_from_.has_value()) CountFrom();
    BeginDue();
    Next(std::min(next_tick_, NextDue()));
    if (now_ >= next_tick_) Tick();
  }
  Publish();
  LookOnce();
  ending_ = Ending();
  ended_ = true;
  ended_.notify_all();
  Drain();
}

void Worker::Stop(Clock::time_point at, InFlight in_flight) {
  if (in_flight == InFlight::kIsCancelled) cancel_ = true;
  if (!stop_) stop_at_ = at;
  stop_ = true;
}

void Worker::CountFrom() {
  counted_from_ = ThreadTime::OfThisThread();
  awake_ = std::chrono::nanoseconds::zero();
  due_before_ = DueBy(count_at_);
  begun_before_ = begun_;
  Publish();  // the warm-up
  interval_.counts = true;
}

// Or it would wait for ever for a server that does not come back.
bool Worker::GivesUp() {
  if (late_ != Late::kConnection || in_flight_ > 0) connected_ = now_;
  return share_.count.has_value() && absl::FromChrono(now_ - connected_) > plan_.call.timeout;
}

WorkerEnding Worker::Ending() {
  WorkerEnding ending;
  ending.at = now_;
  ending.in_flight = in_flight_;
  ending.heard = heard_;
  for (const std::unique_ptr<Exchange>& exchange : exchanges_) {
    if (exchange->busy()) ending.oldest = std::min(ending.oldest, exchange->started());
  }
  if (counted_from_.has_value()) {
    ending.busy = ThreadTime::OfThisThread().BusySince(*counted_from_, awake_);
  }
  ending.late = late_;
  if (late_ == Late::kConnection) ending.disconnected_for = absl::FromChrono(now_ - connected_);
  const Clock::time_point end = std::min(now_, stop_at_.load());
  if (share_.rate > 0 && counted_from_.has_value()) {
    ending.due = DueBy(end) - due_before_;
    ending.behind = MayBegin() ? absl::FromChrono(end - Due()) : lateness_;
    // Those that were late already when the counting began are not of the counted time.
    ending.not_sent = std::clamp<int64_t>(ending.due - (begun_ - begun_before_), 0, ending.due);
  } else if (share_.count.has_value() && !stop_) {
    ending.due = *share_.count;
    ending.not_sent = *share_.count - begun_;
  }
  return ending;
}

bool Worker::MayBegin() const { return !share_.count.has_value() || begun_ < *share_.count; }

// Open loop: when the next call is to begin; else at once.
Worker::Clock::time_point Worker::Due() const {
  if (share_.rate == 0) return now_;
  return start_ + std::chrono::nanoseconds(
                      static_cast<int64_t>(static_cast<double>(begun_) / share_.rate * 1e9));
}

// Open loop: how many calls are to begin before then, from the start on.
int64_t Worker::DueBy(Clock::time_point time) const {
  const double seconds = std::chrono::duration<double>(time - start_).count();
  // The first one is due at the start. A rounding error is no call.
  const auto due = std::max<int64_t>(0, std::llround(std::ceil(seconds * share_.rate - 1e-6)));
  return share_.count.has_value() ? std::min(due, *share_.count) : due;
}

Worker::Clock::time_point Worker::NextDue() const {
  if (share_.rate == 0 || idle_.empty() || late_ == Late::kConnection || !MayBegin())
    return Clock::time_point::max();
  return Due();
}

void Worker::BeginDue() {
  // Those whose connection is lost wait until it is back.
  size_t skipped = 0;
  while (idle_.size() > skipped && MayBegin() && Due() <= now_) {
    const size_t index = idle_.size() - 1 - skipped;
    Exchange* exchange = idle_[index];
    if (channels_.IsLost(exchange->channel()) && !exchange->has_stream()) {
      ++skipped;
      continue;
    }
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(index));
    lateness_ = absl::FromChrono(now_ - Due());
    if (share_.rate > 0) interval_.lateness.Add(lateness_);
    // Since the last look at what is due, nothing but this kept it back.
    if (share_.rate > 0 && lateness_ >= kLate) ++interval_.late[static_cast<int>(late_)];
    exchange->Begin(channels_.at(exchange->channel()), Due());
    ++begun_;
    ++in_flight_;
  }
  late_ = Late::kClient;
  if (idle_.empty()) {
    late_ = Late::kConcurrency;
  } else if (skipped == idle_.size()) {
    late_ = Late::kConnection;
  }
}

// Handles what has happened, once something has or it is `until`.
void Worker::Next(Clock::time_point until) {
  const bool awake = until - now_ < kAwake;
  const Clock::time_point begin = awake ? Clock::now() : now_;
  grpc_event event = grpc_completion_queue_next(
      queue_, Until(awake ? std::chrono::nanoseconds::zero() : until - now_ - kAwake), nullptr);
  now_ = Clock::now();
  if (event.type == GRPC_OP_COMPLETE) {
    heard_ = now_;
  } else if (awake) {
    // Not beyond `until`: from then on there is work.
    awake_ += std::max(std::min(now_, until) - begin, Clock::duration::zero());
  }
  // As much as there is, before the next calls begin: they go out together.
  for (int i = 0; event.type == GRPC_OP_COMPLETE; ++i) {
    HandleEvent(static_cast<Exchange*>(event.tag));
    if (i >= kMostAtOnce) break;
    event = grpc_completion_queue_next(queue_, gpr_inf_past(GPR_CLOCK_MONOTONIC), nullptr);
    if (event.type == GRPC_OP_COMPLETE) now_ = Clock::now();
  }
}

void Worker::HandleEvent(Exchange* exchange) {
  if (!exchange->OnEvent()) return;
  --in_flight_;
  idle_.push_back(exchange);
  const grpc_status_code code = exchange->code();
  if (code == GRPC_STATUS_OK) {
    interval_.latency.Add(absl::FromChrono(now_ - exchange->begun()));
    interval_.bytes_received += exchange->bytes_received();
  }
  const int known = code >= 0 && code < kCodes ? code : GRPC_STATUS_UNKNOWN;
  if (++interval_.ended[known] == 1 && code != GRPC_STATUS_OK) {
    interval_.first_errors[known] = exchange->error();
  }
  if (code == GRPC_STATUS_UNAVAILABLE) channels_.MarkLost(exchange->channel());
}

void Worker::Tick() {
  next_tick_ = now_ + kTick;
  Publish();
  channels_.Repair();
  if (plan_.call.timeout == absl::InfiniteDuration()) return;
  for (const std::unique_ptr<Exchange>& exchange : exchanges_) {
    if (exchange->busy() && absl::FromChrono(now_ - exchange->started()) > plan_.call.timeout) {
      exchange->GiveUp();
    }
  }
}

void Worker::Publish() {
  interval_.at = now_;
  collector_.Add(interval_);
  interval_.Clear();
}

// If this thread did not run for a while, answers have come, and the server is not silent.
void Worker::LookOnce() {
  const grpc_event event =
      grpc_completion_queue_next(queue_, gpr_inf_past(GPR_CLOCK_MONOTONIC), nullptr);
  if (event.type != GRPC_OP_COMPLETE) return;
  heard_ = Clock::now();
  Settle(static_cast<Exchange*>(event.tag));
}

// An event of a call that is not counted any more.
void Worker::Settle(Exchange* exchange) {
  if (exchange->OnEvent() && exchange->has_stream()) exchange->End();
}

// What is in flight may end, and is not counted.
void Worker::Drain() {
  const auto end = Clock::now() + (cancel_ ? std::chrono::seconds(0) : kDrain);
  bool cancelled = false;
  for (const std::unique_ptr<Exchange>& exchange : exchanges_) {
    if (!exchange->busy() && exchange->has_stream()) exchange->End();
  }
  const auto any_busy = [this] {
    return std::any_of(exchanges_.begin(), exchanges_.end(),
                       [](const auto& exchange) { return exchange->busy(); });
  };
  while (any_busy()) {
    if (!cancelled && Clock::now() >= end) {
      for (const std::unique_ptr<Exchange>& exchange : exchanges_) exchange->Cancel();
      cancelled = true;
    }
    const grpc_event event = grpc_completion_queue_next(
        queue_, cancelled ? gpr_inf_future(GPR_CLOCK_MONOTONIC) : Until(end - Clock::now()),
        nullptr);
    if (event.type != GRPC_OP_COMPLETE) continue;
    Settle(static_cast<Exchange*>(event.tag));
  }
}

}  // namespace udsecho::client
