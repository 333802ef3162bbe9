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
  std::size_t left = 0;
  {
    const http2::MutexLock lock(&mutex_);
    left = listeners_[loop].size();
  }
  // One by one, as one that is told may end others. Those that wait again meanwhile come behind.
  for (; left > 0; --left) {
    Listener* listener = nullptr;
    {
      const http2::MutexLock lock(&mutex_);
      std::vector<Listener*>& listeners = listeners_[loop];
      if (listeners.empty()) return;
      listener = listeners.front();
      listeners.erase(listeners.begin());
    }
    listener->Heard();
  }
}

bool Broadcast::Add(http2::Loop* loop, Listener* listener, std::uint64_t seen) {
  const http2::MutexLock lock(&mutex_);
  if (sent_ != seen) return false;
  listeners_[loop].push_back(listener);
  return true;
}

void Broadcast::Remove(http2::Loop* loop, Listener* listener) {
  const http2::MutexLock lock(&mutex_);
  std::erase(listeners_[loop], listener);
}

}  // namespace rpc
