// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who may connect and call, by how much each uid has already.
//
//   rpc::Admission admission(limits, /*threads=*/1);
//   const auto verdict = admission.MayConnect(uid);          // on the accepting thread
//   Caller* caller = admission.Connected(uid);
//   absl::Status may = admission.MayCall(account, calls);    // on the thread of the connection
//   admission.Disconnected(uid);
//
// All callers that may not call at all (ServerOptions::admit) count as one uid, kDenied: what they
// have together is no more than what one uid may have.
//
// Thread safety: MayCall(), any thread; all else belongs to the accepting thread.
// Ownership: owns the callers, for as long as it lives.

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
    absl::Status status;         // RESOURCE_EXHAUSTED: over a limit
    std::optional<uid_t> evict;  // unless an idle connection of this uid is ended for it
  };
  Verdict MayConnect(uid_t uid) const;

  Caller* Connected(uid_t uid);
  void Disconnected(uid_t uid);

  // For connections over a limit, which are served their refusal: not counted.
  Caller* guests() { return &guests_; }

  // Whether one more call of the account's caller may begin, where `threads` have these in flight.
  absl::Status MayCall(const CallerAccount& account,
                       const std::vector<const Calls*>& all_calls) const;

  const Limits& limits() const { return limits_; }

 private:
  struct Known {
    std::unique_ptr<Caller> caller;
    int connections = 0;
  };

  const Limits limits_;
  const std::size_t threads_;
  http2::MemoryBudget memory_;
  Caller guests_;
  std::unordered_map<uid_t, Known> known_;  // by uid; never removed
  int connections_ = 0;
};

}  // namespace rpc

#endif  // RPC_ADMISSION_H_
