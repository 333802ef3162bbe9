// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The return type of every coroutine of rpc/: a handler that has begun, and may be waiting.
//
//   rpc::Task Answer(rpc::UnaryCall<Request, Response>& call) {
//     co_await Delay(call);                  // another Task: runs to its end, then we go on
//     co_await call.Finish(Response());
//   }
//
// A Task starts when it is awaited or Start()ed, not before. It returns nothing: results go through
// out-parameters or members. An exception that leaves a coroutine ends the process: nothing could
// handle it, and the call's state is unknown.
//
// Do not await behind && or || in the condition of a loop: GCC 12 awaits there even if the left
// side decides. (In an if it does not.)
//
// Thread safety: none. A task lives on its call's thread.
// Ownership: a Task owns its coroutine's frame. Destroying it destroys the frame, also while the
// coroutine waits.

#ifndef RPC_CALL_TASK_H_
#define RPC_CALL_TASK_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>

#include "http2/block_pool.h"

namespace rpc {

class [[nodiscard]] Task {
 public:
  // Called when a started task has ended. May destroy the Task.
  class Owner {
   public:
    virtual void TaskEnded() = 0;

   protected:
    ~Owner() = default;
  };

  class promise_type;  // The language wants this name.
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Runs the task until it first waits. `owner` is called at its end, perhaps before Start()
  // returns.
  void Start(Owner* owner);

  // Awaiting a task runs it to its end, then resumes the coroutine that awaited it.
  auto operator co_await() && noexcept;

 private:
  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_;
};

class Task::promise_type {
 public:
  // The coroutine's frame.
  // NOLINTNEXTLINE(misc-new-delete-overloads): it does not know the delete that gets the size
  static void* operator new(std::size_t size) { return http2::BlockPool::Allocate(size); }
  static void operator delete(void* frame, std::size_t size) {
    http2::BlockPool::Free(frame, size);
  }

  Task get_return_object() { return Task(Handle::from_promise(*this)); }
  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept { return End(); }
  void return_void() {}
  [[noreturn]] void unhandled_exception() { std::terminate(); }

 private:
  friend class Task;

  struct End {
    bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(Handle ended) noexcept {
      promise_type& promise = ended.promise();
      if (promise.waiter_) return promise.waiter_;
      // The owner may destroy the frame that we are in: nothing of it is touched afterwards.
      if (promise.owner_ != nullptr) promise.owner_->TaskEnded();
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };

  std::coroutine_handle<> waiter_;
  Owner* owner_ = nullptr;
};

inline void Task::Start(Owner* owner) {
  handle_.promise().owner_ = owner;
  handle_.resume();
}

inline auto Task::operator co_await() && noexcept {
  struct Run {
    Handle task;
    bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
      task.promise().waiter_ = waiter;
      return task;
    }
    void await_resume() noexcept {}
  };
  return Run{handle_};
}

}  // namespace rpc

#endif  // RPC_CALL_TASK_H_
