// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a handler can wait for besides messages: call.h tells of each. A wait registers where it waits
// when it is awaited, and not before; destroyed, it waits no more.
//
// Thread safety and ownership: as call.h.

#ifndef RPC_CALL_WAITS_H_
#define RPC_CALL_WAITS_H_

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "http2/loop.h"
#include "http2/timer.h"
#include "rpc/call/broadcast.h"
#include "rpc/call/call.h"
#include "rpc/call/job.h"
#include "rpc/call/waiter.h"

namespace rpc {

// In its call's list while it lasts.
class Call::Waiting : protected Waiter {
 public:
  bool await_ready() const { return call_.ended_; }

 protected:
  explicit Waiting(Call* call) : call_(*call) {}
  Waiting(Waiting&& other) noexcept = default;
  ~Waiting() = default;

  http2::Loop& loop() const { return call_.calls_.loop(); }
  bool call_ended() const { return call_.ended_; }
  // OK while the call goes on.
  absl::Status call_status() const;
  void Suspend(std::coroutine_handle<> handler) {
    handler_ = handler;
    call_.waiting_.Add(this);
  }
  void Resume() {
    Leave();
    handler_.resume();  // which may destroy this
  }

 private:
  Call& call_;
  std::coroutine_handle<> handler_;
};

class [[nodiscard]] Call::Sleeping final : private Waiting {
 public:
  Sleeping(Call* call, absl::Duration duration) : Waiting(call), duration_(duration) {}
  Sleeping(Sleeping&& other) noexcept : Waiting(std::move(other)), duration_(other.duration_) {}

  bool await_ready() const { return call_ended() || duration_ <= absl::ZeroDuration(); }
  void await_suspend(std::coroutine_handle<> handler);
  bool await_resume() const { return !call_ended(); }

 private:
  void Wake() override;

  const absl::Duration duration_;
  std::optional<http2::Timer> timer_;  // only while it waits: most calls ask for no time at all
};

class [[nodiscard]] Call::Listening final : private Waiting, private Broadcast::Listener {
 public:
  Listening(Call* call, Broadcast* broadcast, std::uint64_t seen)
      : Waiting(call), broadcast_(*broadcast), seen_(seen) {}
  Listening(Listening&& other) noexcept = default;
  ~Listening() {
    if (is_waiting()) broadcast_.Remove(&loop(), this);
  }

  using Waiting::await_ready;
  bool await_suspend(std::coroutine_handle<> handler);
  bool await_resume() const { return !call_ended(); }

 private:
  void Wake() override;
  void Heard() override { Resume(); }

  Broadcast& broadcast_;
  const std::uint64_t seen_;
};

class [[nodiscard]] Call::Watching final : private Waiting {
 public:
  Watching(Call* call, int fd, std::uint32_t events);
  Watching(Watching&& other) noexcept;
  ~Watching();

  using Waiting::await_ready;
  bool await_suspend(std::coroutine_handle<> handler);
  absl::Status await_resume() const { return watched_.ok() ? call_status() : watched_; }

 private:
  class Descriptor;

  void Wake() override;
  void EndWatch();

  const int fd_;
  const std::uint32_t events_;
  absl::Status watched_;
  std::unique_ptr<Descriptor> descriptor_;  // while it is watched
};

class [[nodiscard]] Call::Working : private Waiting, private Job::Listener {
 public:
  Working(Call* call, std::shared_ptr<Job> job) : Waiting(call), job_(std::move(job)) {}
  Working(Working&& other) noexcept = default;
  ~Working() {
    if (is_waiting()) job_->GiveUp();
  }

  using Waiting::await_ready;
  bool await_suspend(std::coroutine_handle<> handler);
  absl::Status await_resume() const { return started_.ok() ? call_status() : started_; }

 private:
  void Wake() override;
  void JobDone() override { Resume(); }

  std::shared_ptr<Job> job_;
  absl::Status started_;
};

inline Call::Sleeping Call::Sleep(absl::Duration duration) { return {this, duration}; }
inline Call::Listening Call::Wait(Broadcast& broadcast, std::uint64_t seen) {
  return {this, &broadcast, seen};
}
inline Call::Working Call::Wait(std::shared_ptr<Job> job) { return {this, std::move(job)}; }

}  // namespace rpc

#endif  // RPC_CALL_WAITS_H_
