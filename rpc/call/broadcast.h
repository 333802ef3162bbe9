// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Lets any number of calls wait for the same thing to happen:
//
//   for (;;) {
//     const std::uint64_t seen = changed.sent();   // before the look, so that nothing is missed
//     if (ItHasHappened()) break;
//     if (!co_await call.Wait(changed, seen)) co_return;
//   }
//
// Thread safety: Send() and sent(), any thread. Ownership: it outlives the server.

#ifndef RPC_CALL_BROADCAST_H_
#define RPC_CALL_BROADCAST_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "http2/loop.h"
#include "http2/mutex.h"

namespace rpc {

class Broadcast {
 public:
  class Listener {
   public:
    virtual void Heard() = 0;

   protected:
    ~Listener() = default;
  };

  // Resumes all calls that wait now, each on its own thread, a little later.
  void Send();

  // How often Send() was called.
  std::uint64_t sent() const {
    const http2::MutexLock lock(&mutex_);
    return sent_;
  }

  // For call.h. False if Send() was called more than `seen` times already: then nothing is added.
  bool Add(http2::Loop* loop, Listener* listener, std::uint64_t seen);
  void Remove(http2::Loop* loop, Listener* listener);

 private:
  void TellAllOf(http2::Loop* loop);

  mutable http2::Mutex mutex_;
  std::uint64_t sent_ ABSL_GUARDED_BY(mutex_) = 0;
  struct Entry {
    Listener* listener;
    std::uint64_t seen;
  };
  // Each loop's belong to its thread.
  std::map<http2::Loop*, std::vector<Entry>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rpc

#endif  // RPC_CALL_BROADCAST_H_
