// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Something that is done elsewhere, on another thread or by another library, and that a handler
// waits for. For functions that block there is Call::RunOn(), which is made of this (run_on.h).
//
//   class Lookup final : public rpc::Job {
//    public:
//     std::string result;
//
//    private:
//     absl::Status Start() override {
//       library_.Ask([this, self = shared_from_this()](std::string answer) {   // on its own thread
//         result = std::move(answer);
//         Done();
//       });
//       return absl::OkStatus();
//     }
//     void Abandon() override { library_.Forget(); }
//   };
//
//   const auto lookup = std::make_shared<Lookup>(...);
//   const absl::Status looked_up = co_await call.Wait(lookup);
//   if (!looked_up.ok()) ...                       // the call has ended, or Start() refused
//
// Thread safety: Done() may be called on any thread, all else is on the call's own.
// Ownership: shared by the wait and by whoever is to call Done(). If the call ends before, that one
// is the last to have it.

#ifndef RPC_CALL_JOB_H_
#define RPC_CALL_JOB_H_

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "http2/loop.h"
#include "http2/mutex.h"

namespace rpc {

class Job : public std::enable_shared_from_this<Job> {
 public:
  class Listener {
   public:
    virtual void JobDone() = 0;

   protected:
    ~Listener() = default;
  };

  Job() = default;
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // Resumes the handler that waits, on its own thread, a little later. Once; no effect if it does not
  // wait any more, or if the server is gone.
  void Done() {
    const http2::MutexLock lock(&mutex_);
    if (loop_ == nullptr) return;
    std::exchange(loop_, nullptr)->Post([self = shared_from_this()] { self->Resume(); });
  }

  // For waits.h.
  absl::Status Begin(http2::Loop* loop, Listener* listener) {
    {
      const http2::MutexLock lock(&mutex_);
      loop_ = loop;
    }
    listener_ = listener;
    absl::Status started = Start();
    if (!started.ok()) Forget();
    return started;
  }
  void GiveUp() {
    Forget();
    Abandon();
  }

 protected:
  // Begins what is to be done. A status other than OK says that it was not, and is what the handler
  // gets.
  virtual absl::Status Start() = 0;
  // The handler does not wait any more, as the call has ended: what was begun may be stopped.
  virtual void Abandon() {}

 private:
  void Resume() {
    Listener* const listener = listener_;
    if (listener == nullptr) return;
    Forget();  // it may be a later wait that is resumed
    listener->JobDone();
  }
  void Forget() {
    listener_ = nullptr;
    const http2::MutexLock lock(&mutex_);
    loop_ = nullptr;  // which may end before Done() is called
  }

  http2::Mutex mutex_;
  http2::Loop* loop_ ABSL_GUARDED_BY(mutex_) = nullptr;
  Listener* listener_ = nullptr;
};

}  // namespace rpc

#endif  // RPC_CALL_JOB_H_
