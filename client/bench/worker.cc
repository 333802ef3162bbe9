// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/worker.h"

#include <algorithm>
#include <utility>

namespace udsecho::client {
namespace {

// epoll_wait(2) counts in milliseconds: what is due within one or two is waited for awake.
constexpr std::chrono::milliseconds kAwake{1};

}  // namespace

Worker::Worker(const Plan& plan, const WorkerShare& share, Collector* collector)
    : plan_(plan),
      share_(share),
      collector_(*collector),
      requests_(plan),
      connections_(plan, share.connections, share.concurrency) {
  exchanges_.reserve(share.concurrency);
  for (int i = 0; i < share.concurrency; ++i) {
    exchanges_.push_back(
        std::make_unique<Exchange>(plan, i % share.connections, &requests_, &finished_));
  }
  // The last is the next: they begin in order.
  for (const std::unique_ptr<Exchange>& exchange : exchanges_) idle_.push_back(exchange.get());
  std::reverse(idle_.begin(), idle_.end());
}

void Worker::Run() {
  now_ = connected_ = heard_ = Clock::now();
  // Without a warm-up, what counts begins before a busy machine has this thread run.
  start_ = std::min(now_, count_at_.load());
  next_tick_ = now_ + kTick;
  while (!stop_ && (MayBegin() || in_flight_ > 0) && !GivesUp()) {
    if (counting_ && !counted_from_.has_value()) CountFrom();
    BeginAgain();
    BeginDue();
    connections_.Flush();
    CountFinished();
    Next(std::min({next_tick_, NextDue(), retries_.next()}));
    NoticeLoss();
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
  awake_ = disconnected_ = std::chrono::nanoseconds::zero();
  if (lost_at_.has_value()) lost_at_ = std::max(*lost_at_, count_at_.load());
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
  const Clock::time_point end = std::min(now_, stop_at_.load());
  EndLoss(end, &ending);
  if (share_.schedule.has_value() && counted_from_.has_value()) {
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
  if (!share_.schedule.has_value()) return now_;
  return start_ + absl::ToChronoNanoseconds(share_.schedule->Due(begun_));
}

// Open loop: how many calls are to begin before then, from the start on.
int64_t Worker::DueBy(Clock::time_point time) const {
  const int64_t due =
      share_.schedule.has_value() ? share_.schedule->CallsBy(absl::FromChrono(time - start_)) : 0;
  return share_.count.has_value() ? std::min(due, *share_.count) : due;
}

Worker::Clock::time_point Worker::NextDue() const {
  if (!share_.schedule.has_value() || idle_.empty() || late_ == Late::kConnection || !MayBegin())
    return Clock::time_point::max();
  return Due();
}

void Worker::BeginDue() {
  while (!idle_.empty() && MayBegin() && Due() <= now_) {
    Exchange* const exchange = idle_.back();
    idle_.pop_back();
    const int connection = exchange->connection();
    if (connections_.IsLost(connection) && !exchange->has_stream()) {
      parked_.push_back(exchange);
      continue;
    }
    lateness_ = absl::FromChrono(now_ - Due());
    if (share_.schedule.has_value()) interval_.lateness.Add(lateness_);
    // Since the last look at what is due, nothing but this kept it back.
    if (share_.schedule.has_value() && lateness_ >= kLate)
      ++interval_.late[static_cast<int>(late_)];
    exchange->Begin(&connections_.at(connection), Due(), now_);
    connections_.Touch(connection);
    ++begun_;
    ++in_flight_;
  }
  late_ = Late::kClient;
  if (idle_.empty()) late_ = parked_.empty() ? Late::kConcurrency : Late::kConnection;
}

// Handles what has come, once something has or it is `until`.
void Worker::Next(Clock::time_point until) {
  constexpr std::chrono::milliseconds kNone{0};
  auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now_);
  if (share_.schedule.has_value()) left -= 2 * kAwake;
  const bool awake = left <= kNone && finished_.empty();
  const Clock::time_point begin = awake ? Clock::now() : now_;
  bool came = false;
  connections_.Wait(
      finished_.empty() ? std::max(left, kNone) : kNone, [this] { now_ = Clock::now(); },
      [this, &came](bool is_of_a_call) {
        came = true;
        if (is_of_a_call) heard_ = now_;
        CountFinished();
        BeginDue();
        connections_.Flush();
      });
  // Not beyond `until`: from then on there is work.
  if (awake && !came) awake_ += std::max(std::min(now_, until) - begin, Clock::duration::zero());
}

void Worker::CountFinished() {
  for (Exchange* const exchange : finished_) {
    if (exchange->again_in().has_value()) {
      const absl::Duration left = plan_.call.timeout - absl::FromChrono(now_ - exchange->started());
      const absl::Duration wait = std::min(*exchange->again_in(), left);
      retries_.Add(exchange, now_ + absl::ToChronoNanoseconds(wait));
      continue;
    }
    Count(*exchange);
    --in_flight_;
    idle_.push_back(exchange);
  }
  finished_.clear();
}

// What is due for its next attempt waits on for a connection, but not beyond the timeout, which is the call's.
void Worker::BeginAgain() {
  if (now_ < retries_.next()) return;
  for (Exchange* const exchange : retries_.Take(now_)) {
    const int connection = exchange->connection();
    if (absl::FromChrono(now_ - exchange->started()) >= plan_.call.timeout) {
      exchange->GiveUp();
    } else if (connections_.IsLost(connection)) {
      retries_.Add(exchange, next_tick_);
    } else {
      exchange->BeginAgain(&connections_.at(connection));
      connections_.Touch(connection);
      ++interval_.sent_again;
    }
  }
}

void Worker::Count(const Exchange& exchange) {
  const auto code = static_cast<int>(exchange.code());
  if (++interval_.ended[code] == 1 && code != 0) interval_.first_errors[code] = exchange.error();
  if (code != 0) return;
  interval_.latency.Add(absl::FromChrono(now_ - exchange.begun()));
  interval_.messages_received += exchange.messages_received();
  interval_.bytes_received += exchange.bytes_received();
}

// After a loss it connects at once: a server that only wants a new connection is there.
void Worker::NoticeLoss() {
  if (!connections_.AllLost()) return;
  if (!lost_at_.has_value()) lost_at_ = now_;
  if (now_ - repaired_ >= kTick) Repair();
}

void Worker::Repair() {
  repaired_ = now_;
  connections_.Repair();
  idle_.insert(idle_.end(), parked_.begin(), parked_.end());
  parked_.clear();
  if (!lost_at_.has_value() || connections_.AllLost()) return;
  disconnected_ += now_ - *lost_at_;
  lost_at_.reset();
}

void Worker::EndLoss(Clock::time_point end, WorkerEnding* ending) {
  if (counted_from_.has_value()) ending->disconnected = absl::FromChrono(disconnected_);
  if (!lost_at_.has_value() || !MayBegin()) return;
  const absl::Duration lost = absl::FromChrono(end - std::max(*lost_at_, count_at_.load()));
  if (lost <= absl::ZeroDuration()) return;
  ending->disconnected += lost;
  connections_.Repair();
  if (connections_.AllLost()) ending->disconnected_for = lost;
}

void Worker::Tick() {
  next_tick_ = now_ + kTick;
  Publish();
  Repair();
  if (plan_.call.timeout == absl::InfiniteDuration()) return;
  for (const std::unique_ptr<Exchange>& exchange : exchanges_) {
    if (!exchange->busy() || absl::FromChrono(now_ - exchange->started()) <= plan_.call.timeout) {
      continue;
    }
    exchange->GiveUp();
    connections_.Touch(exchange->connection());
  }
  CountFinished();
}

void Worker::Publish() {
  interval_.at = now_;
  collector_.Add(interval_);
  interval_.Clear();
}

// If this thread did not run for a while, answers have come, and the server is not silent.
void Worker::LookOnce() {
  connections_.Wait(
      std::chrono::milliseconds(0), [] {},
      [this](bool is_of_a_call) {
        if (is_of_a_call) heard_ = Clock::now();
        Settle();
      });
}

// Calls that have ended, and are not counted any more.
void Worker::Settle() {
  for (Exchange* const exchange : finished_) {
    if (exchange->has_stream()) exchange->EndChat();
  }
  finished_.clear();
  connections_.Flush();
}

// What is in flight may end, and is not counted.
void Worker::Drain() {
  const auto end = Clock::now() + (cancel_ ? std::chrono::seconds(0) : kDrain);
  for (const std::unique_ptr<Exchange>& exchange : exchanges_) {
    if (!exchange->busy() && exchange->has_stream()) exchange->EndChat();
    connections_.Touch(exchange->connection());
  }
  const auto any_busy = [this] {
    return std::any_of(exchanges_.begin(), exchanges_.end(),
                       [](const auto& exchange) { return exchange->busy(); });
  };
  connections_.Flush();
  for (now_ = Clock::now(); now_ < end && any_busy();) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now_);
    connections_.Wait(
        left, [this] { now_ = Clock::now(); }, [this](bool /*is_of_a_call*/) { Settle(); });
  }
  for (const std::unique_ptr<Exchange>& exchange : exchanges_) exchange->Abandon();
  for (const std::unique_ptr<Exchange>& exchange : exchanges_) {
    connections_.Touch(exchange->connection());
  }
  connections_.Flush();  // the server need not go on
}

}  // namespace udsecho::client
