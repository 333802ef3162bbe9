// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The open connections of a server, and its counters of connections.
//
//   connections.Add(connection);
//   for (const auto& connection : connections.All()) ...connection->peer.uid...
//
// Thread safety: any thread; adding to the counters: the accepting thread.
// Ownership: shares the connections.

#ifndef RPC_CONNECTION_LIST_H_
#define RPC_CONNECTION_LIST_H_

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "http2/counter.h"
#include "http2/mutex.h"
#include "rpc/call/connection_info.h"

namespace rpc {

class ConnectionList {
 public:
  void Add(std::shared_ptr<const Connection> connection) {
    const http2::MutexLock lock(&mutex_);
    const std::uint64_t id = connection->id;
    connections_.emplace(id, std::move(connection));
  }
  void Remove(std::uint64_t id) {
    const http2::MutexLock lock(&mutex_);
    connections_.erase(id);
  }

  // The oldest first.
  std::vector<std::shared_ptr<const Connection>> All() const {
    const http2::MutexLock lock(&mutex_);
    std::vector<std::shared_ptr<const Connection>> all;
    all.reserve(connections_.size());
    for (const auto& [id, connection] : connections_) all.push_back(connection);
    return all;
  }

  // See rpc/statistics.h.
  http2::Counter accepted;
  http2::Counter refused;
  http2::Counter silent;
  http2::Counter unread;
  http2::Counter flooded;

 private:
  mutable http2::Mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<const Connection>> connections_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rpc

#endif  // RPC_CONNECTION_LIST_H_
