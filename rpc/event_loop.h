// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The thread in front: an epoll loop for listening sockets, signals and the ends of connections.
//
//   auto loop = EventLoop::Create();
//   (*loop)->Watch(fd, EPOLLIN, [&] { ... });
//   (*loop)->After(absl::Seconds(10), [&] { (*loop)->Quit(); });
//   (*loop)->Run();
//
// Watches are level-triggered: a callback that leaves a descriptor readable is called again.
//
// Thread safety: Post() may be called from any thread. All else belongs to the thread in Run(), or
// to its owner before Run(). Ownership: owns its epoll and wake-up descriptors, not those that it
// watches. Unwatch() a descriptor before it is closed.

#ifndef RPC_EVENT_LOOP_H_
#define RPC_EVENT_LOOP_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "uds/unique_fd.h"

namespace rpc {

class EventLoop {
 public:
  using Callback = std::function<void()>;

  // RESOURCE_EXHAUSTED when no descriptor can be had.
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();

  // Calls `callback` whenever one of `events` (EPOLLIN, ..., 0 for hang-up alone) holds of `fd`,
  // which is not watched yet. RESOURCE_EXHAUSTED when the kernel watches too many already.
  absl::Status Watch(int fd, std::uint32_t events, Callback callback);
  void Unwatch(int fd);

  // From now on for other events of a descriptor that is watched.
  void Change(int fd, std::uint32_t events);

  // What the callback of a descriptor is called for: EPOLLIN, EPOLLHUP, ...
  std::uint32_t events() const { return events_; }

  void After(absl::Duration delay, Callback callback);

  // Runs `callback` on the loop's thread, soon, in the order of the calls.
  void Post(Callback callback);

  void Run();
  void Quit() { quit_ = true; }

 private:
  struct Watched {
    std::uint32_t generation;  // tells an event for this descriptor from one for its predecessor
    std::shared_ptr<Callback> callback;
  };

  EventLoop(uds::UniqueFd epoll, uds::UniqueFd wake)
      : epoll_(std::move(epoll)), wake_(std::move(wake)) {}

  int MillisecondsToNextTimer() const;
  void RunTimers();
  void RunPosted();

  const uds::UniqueFd epoll_;
  const uds::UniqueFd wake_;  // an eventfd
  bool quit_ = false;
  std::uint32_t events_ = 0;
  std::uint32_t generation_ = 0;
  std::unordered_map<int, Watched> watched_;
  std::multimap<std::int64_t, Callback> timers_;  // by due time, in nanoseconds of CLOCK_MONOTONIC

  std::mutex mutex_;
  std::vector<Callback> posted_;  // guarded by mutex_
};

}  // namespace rpc

#endif  // RPC_EVENT_LOOP_H_
