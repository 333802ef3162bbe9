// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The return types of coroutines of rpc/: a handler that has begun, and may be waiting, is a Task; a
// part of one that gives a value back is a TaskOf<T>.
//
//   rpc::TaskOf<int> Count(rpc::BidiCall<Line, Line>& call) {
//     int lines = 0;
//     Line line;
//     while (co_await call.Read(&line)) ++lines;
//     co_return lines;
//   }
//   rpc::Task Chat::Talk(rpc::BidiCall<Line, Line>& call) {
//     const int lines = co_await Count(call);     // runs to its end, then we go on
//     ...
//   }
//
// Task is TaskOf<void>. A task starts when it is awaited, not before; when.h has tasks run at the
// same time. An exception that leaves a coroutine ends the process: nothing could handle it, and the
// call's state is unknown.
//
// Do not await behind && or || in the condition of a loop: GCC 12 awaits there even if the left
// side decides. (In an if it does not.)
//
// Await the call's own waits (call.h), WhenAny(), WhenAll() and tasks. What other libraries have to be
// awaited knows nothing of the end of a call: make a Job of it (job.h).
//
// Thread safety: none. A task lives on its call's thread.
// Ownership: a task owns its coroutine's frame. Destroying it destroys the frame, also while the
// coroutine waits, and with it the tasks that this one awaits. A handler's task is destroyed before its
// call.

#ifndef RPC_CALL_TASK_H_
#define RPC_CALL_TASK_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "http2/block_pool.h"

namespace rpc {

template <class Result>
class TaskOf;
using Task = TaskOf<void>;

// Is called when a started task has ended. May destroy the task.
class TaskOwner {
 public:
  virtual void TaskEnded() = 0;

 protected:
  ~TaskOwner() = default;
};

// What the promises of all tasks have in common.
class TaskPromise {
 public:
  // The coroutine's frame.
  // NOLINTNEXTLINE(misc-new-delete-overloads): it does not know the delete that gets the size
  static void* operator new(std::size_t size) { return http2::BlockPool::Allocate(size); }
  static void operator delete(void* frame, std::size_t size) {
    http2::BlockPool::Free(frame, size);
  }

  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept { return End(); }
  [[noreturn]] void unhandled_exception() { std::terminate(); }

 private:
  template <class Result>
  friend class TaskOf;

  struct End {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
      TaskPromise& promise = ended.promise();
      if (promise.waiter_) return promise.waiter_;
      // The owner may destroy the frame that we are in: nothing of it is touched afterwards.
      if (promise.owner_ != nullptr) promise.owner_->TaskEnded();
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };

  std::coroutine_handle<> waiter_;
  TaskOwner* owner_ = nullptr;
};

template <class Result>
class TaskPromiseOf : public TaskPromise {
 public:
  void return_value(Result result) { result_.emplace(std::move(result)); }
  Result Take() { return *std::move(result_); }

 private:
  std::optional<Result> result_;
};

template <>
class TaskPromiseOf<void> : public TaskPromise {
 public:
  void return_void() {}
  void Take() {}
};

template <class Result>
class [[nodiscard]] TaskOf {
 public:
  using Owner = TaskOwner;

  class promise_type : public TaskPromiseOf<Result> {  // The language wants this name.
   public:
    TaskOf get_return_object() {
      return TaskOf(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  TaskOf() = default;
  TaskOf(TaskOf&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  TaskOf& operator=(TaskOf&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~TaskOf() {
    if (handle_) handle_.destroy();
  }

  // For the call: runs the task until it first waits. `owner` is called at its end, perhaps before
  // Start() returns.
  void Start(Owner* owner) {
    handle_.promise().owner_ = owner;
    handle_.resume();
  }

  // Awaiting a task runs it to its end, then resumes the coroutine that awaited it.
  auto operator co_await() && noexcept { return Run{handle_}; }

 private:
  using Handle = std::coroutine_handle<promise_type>;

  struct Run {
    Handle task;
    bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
      task.promise().waiter_ = waiter;
      return task;
    }
    Result await_resume() { return task.promise().Take(); }
  };

  explicit TaskOf(Handle handle) : handle_(handle) {}

  Handle handle_;
};

}  // namespace rpc

#endif  // RPC_CALL_TASK_H_
