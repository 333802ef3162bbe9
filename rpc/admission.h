// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Decides whether one more connection or call is within the limits of its uid and of the server.
//
//   rpc::Admission admission(limits, /*threads=*/1);
//   const auto verdict = admission.MayConnect(uid);          // on the accepting thread
//   Caller* caller = admission.Connected(uid);
//   absl::Status may = admission.MayCall(account, calls);    // on the thread of the connection
//   admission.Disconnected(uid);
//
// All callers that may not call (ServerOptions::admit) count as one uid, kDenied: together they may
// have as many connections and as much memory as one uid.
//
// Thread safety: MayCall(), any thread; all else, the accepting thread.
// Ownership: owns the callers, which live as long as it does.

#ifndef RPC_ADMISSION_H_
#define RPC_ADMISSION_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "http2/account.h"
#include "rpc/call/caller.h"
#include "rpc/call/calls.h"
#include "rpc/limits.h"

namespace rpc {

class Admission {
 public:
  static constexpr uid_t kDenied = static_cast<uid_t>(-1);

  // A uid that has fewer calls in flight is served although others have taken all of max_calls.
  static constexpr int kAlwaysServed = 8;

  Admission(const Limits& limits, std::size_t threads)
      : limits_(limits),
        threads_(threads),
        memory_(limits.max_memory_bytes),
        guests_(kDenied, &memory_, threads) {}

  struct Verdict {
    absl::Status status;         // OK, or RESOURCE_EXHAUSTED: over a limit
    std::optional<uid_t> evict;  // of this uid an idle connection may be ended to make room
  };
  Verdict MayConnect(uid_t uid) const;

  Caller* Connected(uid_t uid);
  void Disconnected(uid_t uid);

  // The caller of connections over a limit, which are served only to be refused.
  Caller* guests() { return &guests_; }

  // Whether one more call of the account's caller may begin. `all_calls`: the calls of each thread.
  absl::Status MayCall(const CallerAccount& account,
                       const std::vector<const Calls*>& all_calls) const;

  const Limits& limits() const { return limits_; }

  // What callers hold of Limits::max_memory_bytes. Any thread.
  std::int64_t memory_held() const { return memory_.held(); }

 private:
  struct Known {
    std::unique_ptr<Caller> caller;
    int connections = 0;
  };

  const Limits limits_;
  const std::size_t threads_;
  http2::MemoryBudget memory_;
  Caller guests_;
  std::unordered_map<uid_t, Known> known_;  // by uid; nothing is ever removed
  int connections_ = 0;
};

}  // namespace rpc

#endif  // RPC_ADMISSION_H_
