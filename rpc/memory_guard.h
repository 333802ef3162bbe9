// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Looks at how much memory the process has while there is something going on, and says when that is
// too much.
//
//   MemoryGuard guard(&loop, 256 << 20, [] { ...end the connections that take most... });
//   guard.Begin([] { return something_goes_on; });
//
// What calls and messages take is counted where they are handled (users.h). gRPC has more that no
// option of its bounds: calls that it has read and nobody has taken, headers before it looks at
// their size, answers to PINGs that are not read. Measured: 0.3 to 3 GB within seconds, from one
// client. All of that shows here.
//
// Memory that was freed is given back to the kernel, after a shortage and when all has gone quiet:
// the allocator would keep it, and we take it for a shortage that lasts.
//
// Thread safety: none; lives on the event loop's thread, and allocates nothing itself while it
// looks.

#ifndef RPC_MEMORY_GUARD_H_
#define RPC_MEMORY_GUARD_H_

#include <cstdint>
#include <functional>

#include "absl/time/time.h"
#include "rpc/event_loop.h"
#include "uds/unique_fd.h"

namespace rpc {

class MemoryGuard {
 public:
  // What was closed takes some time to be freed, and meanwhile only what still grows is shed.
  static constexpr absl::Duration kFreeing = absl::Milliseconds(250);

  // `growth`: how much more there may be than now, in bytes of resident memory. `shed` is called
  // when that is near, by how fast it is approached, and again while that did not help.
  MemoryGuard(EventLoop* loop, std::int64_t growth, std::function<void()> shed);

  // Looks from now on, and as long as `goes_on` says so.
  void Begin(std::function<bool()> goes_on);

  // The process's resident memory in bytes; 0 if the kernel does not tell.
  std::int64_t Resident() const;

 private:
  void Look();
  absl::Duration ShedOrWait();
  std::int64_t Growth() const { return Resident() - start_; }
  // What it will have come to if the connections are ended now.
  std::int64_t Forecast() const;

  EventLoop* const loop_;
  const uds::UniqueFd statm_;
  const std::int64_t start_;
  const std::int64_t growth_;
  const std::function<void()> shed_;
  std::function<bool()> goes_on_;
  bool looking_ = false;
  std::int64_t seen_ = 0;                      // the growth at the last look
  absl::Time seen_at_ = absl::InfinitePast();  // and when that was
  absl::Time shed_at_ = absl::InfinitePast();
};

}  // namespace rpc

#endif  // RPC_MEMORY_GUARD_H_
