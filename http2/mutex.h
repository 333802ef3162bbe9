// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A std::mutex that says what it guards, so that clang checks it (-Wthread-safety, in --config=fuzz).
//
//   http2::Mutex mutex_;
//   std::int64_t free_ ABSL_GUARDED_BY(mutex_);
//   ...
//   const http2::MutexLock lock(&mutex_);
//   free_ += bytes;
//
// ThreadSanitizer sees a std::mutex, and not absl::Mutex (tools/sanitizers/run.sh).
//
// Thread safety: any thread. Ownership: a value that stays where it is; a lock borrows its mutex.

#ifndef HTTP2_MUTEX_H_
#define HTTP2_MUTEX_H_

#include <mutex>

#include "absl/base/thread_annotations.h"

namespace http2 {

class ABSL_LOCKABLE Mutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(*mutex) {
    mutex_.Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace http2

#endif  // HTTP2_MUTEX_H_
