// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What is done when the process grows too large, or its polling thread is held up: the connections
// that are to blame are ended.
//
//   Overload overload({.loop = &loop, ...});
//   overload.Begin([] { return something_goes_on; });
//
// Memory: all connections of the uid that seems to take most (memory_guard.h). A thread that is
// held up: those that send a header without an end (header_flood.h); and each second that it lasts,
// the connections of the uid that has most waiting in its sockets, as a flood of another kind has.
// A handler that blocks for so long is a mistake, and may cost somebody an upload.
//
// Thread safety: none; lives on the event loop's thread. Ownership: borrows its parts.

#ifndef RPC_OVERLOAD_H_
#define RPC_OVERLOAD_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "rpc/connection.h"
#include "rpc/event_loop.h"
#include "rpc/heartbeat.h"
#include "rpc/memory_guard.h"

namespace rpc {

class Overload {
 public:
  using Connections = std::vector<std::shared_ptr<const Connection>>;

  struct Parts {
    EventLoop* loop;
    std::int64_t max_growth_bytes;
    Heartbeat::Ask ask;  // the polling thread
    std::function<Connections()> connections;
    std::function<void(const Connection&)> ended;
    std::function<void(uid_t place, std::size_t connections)> shed;
    std::function<void(const Connection&)> flooded;
  };

  explicit Overload(Parts parts);

  void Begin(const std::function<bool()>& goes_on);

 private:
  void Shed();
  std::optional<uid_t> WhoIsToBlame(const Connections& connections, absl::Time now);
  void HeldUp(int beats_missed);
  void EndFloods();

  const Parts parts_;
  MemoryGuard memory_;
  Heartbeat heartbeat_;
  absl::Time shed_at_ = absl::InfinitePast();
  absl::Time spared_at_ = absl::InfinitePast();
};

}  // namespace rpc

#endif  // RPC_OVERLOAD_H_
