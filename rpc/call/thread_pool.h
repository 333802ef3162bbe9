// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Threads for work that blocks or takes long: reading a file, deriving a key, asking a database.
//
//   rpc::ThreadPool pool({.threads = 4});
//   ...
//   const absl::StatusOr<std::string> text =
//       co_await call.RunOn(pool, ReadFile, call.request().path());              // run_on.h
//
// Why a pool of our own, and not any executor: what waits is bounded, in all and by uid; uids take
// turns, so that one which asks for much holds up itself; and the work of a call that has ended is
// taken out again, so that a client that calls and cancels fills nothing. (Job, in job.h, is for work
// that other executors and libraries do.)
//
// RunOn() drops what waits when its call has ended, so it is for answers. What must be done whatever
// becomes of the call, such as saving what a handler has changed, is Add()ed, and perhaps waited for by a
// Broadcast:
//
//   state_.Change(...);                                   // on the call's thread
//   const auto saving = pool_.Add(geteuid(), [&] { state_.Save(); });   // of the program's own uid
//
// Threads are started as they are needed and kept. They have the signal mask of the thread that
// starts them, which in a server is that of main().
//
// Thread safety: any thread. Ownership: outlives Server::Run() of those whose handlers use it. Its destructor
// waits for work that has begun, however long that
// takes, and drops what waits. A program whose work may hang leaves by std::quick_exit().

#ifndef RPC_CALL_THREAD_POOL_H_
#define RPC_CALL_THREAD_POOL_H_

#include <sys/types.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"

namespace rpc {

struct ThreadPoolOptions {
  // The most threads. 0: none; work is done by RunNext() alone, for tests.
  std::size_t threads = 4;

  // The most pieces of work that wait for a thread, in all and of one uid; from 1. More is refused with
  // RESOURCE_EXHAUSTED.
  std::size_t max_waiting = 1024;
  std::size_t max_waiting_per_uid = 256;
};

class ThreadPool {
 public:
  // Must not throw.
  using Work = std::function<void()>;

  struct Ticket {
    uid_t uid;
    std::uint64_t number;
  };

  explicit ThreadPool(const ThreadPoolOptions& options = {}) : options_(options) {}
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // RESOURCE_EXHAUSTED if too much waits, or if no thread can be started.
  absl::StatusOr<Ticket> Add(uid_t uid, Work work);

  // Takes work out that waits, and destroys it. False if it has begun, or is over.
  bool Remove(const Ticket& ticket);

  // Does the next piece of work on this thread. False if none waits.
  bool RunNext();

  std::size_t waiting() const;

 private:
  using Queue = std::map<std::uint64_t, Work>;  // by number, and so by age

  // All of these with mutex_ held.
  absl::Status MayWait(uid_t uid) const;
  absl::Status NeedThread();
  Work TakeNext();

  void Serve();

  const ThreadPoolOptions options_;
  mutable std::mutex mutex_;  // a condition variable wants this type, which has no annotations
  std::condition_variable work_came_;
  std::map<uid_t, Queue> queues_;  // no empty ones
  uid_t last_uid_ = 0;             // whose work was begun last
  std::uint64_t last_number_ = 0;
  std::size_t waiting_ = 0;
  std::size_t idle_ = 0;  // threads
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rpc

#endif  // RPC_CALL_THREAD_POOL_H_
