// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/call/broadcast.h"

#include <algorithm>

namespace rpc {

void Broadcast::Send() {
  const http2::MutexLock lock(&mutex_);
  ++sent_;
  for (const auto& [loop, listeners] : listeners_) {
    if (listeners.empty()) continue;
    loop->Post([this, loop = loop] { TellAllOf(loop); });
  }
}

void Broadcast::TellAllOf(http2::Loop* loop) {
  // One by one, as one that is told may end others. One that waits again meanwhile has seen this.
  for (;;) {
    Listener* listener = nullptr;
    {
      const http2::MutexLock lock(&mutex_);
      std::vector<Entry>& listeners = listeners_[loop];
      const auto due =
          std::find_if(listeners.begin(), listeners.end(),
                       [this](const Entry& entry)
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return entry.seen != sent_; });
      if (due == listeners.end()) return;
      listener = due->listener;
      listeners.erase(due);
    }
    listener->Heard();
  }
}

bool Broadcast::Add(http2::Loop* loop, Listener* listener, std::uint64_t seen) {
  const http2::MutexLock lock(&mutex_);
  if (sent_ != seen) return false;
  listeners_[loop].push_back({.listener = listener, .seen = seen});
  return true;
}

void Broadcast::Remove(http2::Loop* loop, Listener* listener) {
  const http2::MutexLock lock(&mutex_);
  std::erase_if(listeners_[loop],
                [listener](const Entry& entry) { return entry.listener == listener; });
}

}  // namespace rpc
