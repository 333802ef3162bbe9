// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Call::RunOn(): a function that blocks, on a thread of a pool, and its result back on the call's own
// thread.
//
//   rpc::Task Tokens::Derive(rpc::UnaryCall<DeriveRequest, DeriveReply>& call) {
//     const absl::StatusOr<std::string> key =
//         co_await call.RunOn(pool_, DeriveKey, call.request().salt());
//     if (!key.ok()) {
//       co_await call.Finish(key.status());
//       co_return;
//     }
//     ...
//   }
//
// What follows the function are its arguments, copied or moved as by std::async. It may be a lambda:
//
//   co_await call.RunOn(pool_, [this](const std::string& name) { ... }, call.request().name());
//
// If the function gives a T or an absl::StatusOr<T>, the handler gets an absl::StatusOr<T>; if it gives
// nothing or an absl::Status, an absl::Status. That is the function's own, or says why there is no
// result: too much waits for a thread (RESOURCE_EXHAUSTED, thread_pool.h), or the call has ended. Then
// a Finish() has no effect: `Finish(key.status())` is right either way.
//
// If the call ends meanwhile (cancelled, past its deadline, cut off by a drain), the handler goes on at
// once. A function that waits for a thread is not run any more. One that runs goes on, and its result
// is destroyed: so it must not use the call or the handler's variables, but only what it is given. To
// end early, it may take a std::stop_token before its arguments:
//
//   co_await call.RunOn(pool_, [](std::stop_token ended) { while (!ended.stop_requested()) ...; });
//
// What a lambda captures must be trivially copyable (this, numbers, pointers): GCC 12 destroys other
// captures of a lambda in a co_await expression twice. Pass them as arguments. An exception that leaves
// the function ends the process.
//
// Thread safety and ownership: function and arguments are destroyed on the pool's thread if it was
// run, else on the call's. The pool outlives Server::Run().

#ifndef RPC_CALL_RUN_ON_H_
#define RPC_CALL_RUN_ON_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/call/job.h"
#include "rpc/call/thread_pool.h"
#include "rpc/call/waits.h"

namespace rpc {

template <class T>
struct WithStatus {
  using Type = absl::StatusOr<T>;
};
template <class T>
struct WithStatus<absl::StatusOr<T>> {
  using Type = absl::StatusOr<T>;
};
template <>
struct WithStatus<absl::Status> {
  using Type = absl::Status;
};
template <>
struct WithStatus<void> {
  using Type = absl::Status;
};

// A function with its arguments, and its result.
template <class Function, class... Arguments>
class PoolJob final : public Job {
  static constexpr bool kStops = std::is_invocable_v<Function, std::stop_token, Arguments...>;
  using Returned =
      typename std::conditional_t<kStops,
                                  std::invoke_result<Function, std::stop_token, Arguments...>,
                                  std::invoke_result<Function, Arguments...>>::type;

 public:
  using Result = typename WithStatus<Returned>::Type;

  template <class... Given>
  PoolJob(ThreadPool* pool, uid_t uid, Given&&... given)
      : pool_(*pool), uid_(uid), work_(std::in_place, std::forward<Given>(given)...) {
    if constexpr (kStops) stop_ = std::stop_source();
  }

  Result TakeResult() { return *std::move(result_); }

 private:
  absl::Status Start() override {
    absl::StatusOr<ThreadPool::Ticket> ticket =
        pool_.Add(uid_, [this, self = shared_from_this()] { Run(); });
    if (!ticket.ok()) return ticket.status();
    ticket_ = *ticket;
    return absl::OkStatus();
  }
  void Abandon() override {
    stop_.request_stop();
    pool_.Remove(ticket_);
  }

  // On the pool's thread.
  void Run() {
    if constexpr (std::is_void_v<Returned>) {
      std::apply(Invoker{stop_.get_token()}, *std::move(work_));
      result_.emplace();
    } else {
      result_.emplace(std::apply(Invoker{stop_.get_token()}, *std::move(work_)));
    }
    work_.reset();
    Done();
  }
  struct Invoker {
    std::stop_token ended;
    Returned operator()(Function&& function, Arguments&&... arguments) {
      if constexpr (kStops) {
        return std::invoke(std::move(function), ended, std::move(arguments)...);
      } else {
        return std::invoke(std::move(function), std::move(arguments)...);
      }
    }
  };

  ThreadPool& pool_;
  const uid_t uid_;
  std::optional<std::tuple<Function, Arguments...>> work_;
  std::stop_source stop_{std::nostopstate};
  std::optional<Result> result_;
  ThreadPool::Ticket ticket_{};
};

template <class Work>
class [[nodiscard]] Call::Running final : private Working {
 public:
  Running(Call* call, std::shared_ptr<Work> work) : Working(call, work), work_(std::move(work)) {}

  using Working::await_ready;
  using Working::await_suspend;
  typename Work::Result await_resume() {
    absl::Status done = Working::await_resume();
    if (!done.ok()) return done;
    return work_->TakeResult();
  }

 private:
  std::shared_ptr<Work> work_;
};

template <class Function, class... Arguments>
auto Call::RunOn(ThreadPool& pool, Function&& function, Arguments&&... arguments) {
  static_assert(std::is_lvalue_reference_v<Function> ||
                    std::is_trivially_copyable_v<std::remove_reference_t<Function>>,
                "pass what the lambda captures as arguments: GCC 12 would destroy it twice");
  using Work = PoolJob<std::decay_t<Function>, std::decay_t<Arguments>...>;
  return Running<Work>(
      this, std::make_shared<Work>(&pool, account_.caller->uid, std::forward<Function>(function),
                                   std::forward<Arguments>(arguments)...));
}

}  // namespace rpc

#endif  // RPC_CALL_RUN_ON_H_
