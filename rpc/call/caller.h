// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A uid that has connections here, and what it uses of the server: calls in flight, and memory.
//
// Each thread has an account of the caller, which only that thread writes; the caller's calls are
// the sum. If two threads look at the same moment, both may admit the last call: that limit holds
// to within one call for each further thread. The bound on memory is exact (account.h).
//
// Thread safety: an account belongs to its thread; calls(): any thread.
// Ownership: the server owns its callers and keeps them: calls may outlive a connection, and a uid
// that connects again must find the same count. There are at most as many as the machine has uids.

#ifndef RPC_CALL_CALLER_H_
#define RPC_CALL_CALLER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "http2/account.h"
#include "http2/counter.h"

namespace rpc {

struct Caller;

struct CallerAccount {
  CallerAccount(Caller* its_caller, http2::MemoryBudget* budget);

  Caller* const caller;
  http2::Account memory;
  http2::Gauge calls;  // in flight

  // So many bytes of its messages are compressed in a round of the loop at the most. It takes 25 to
  // 40 ns each (measured), and what else the thread has to do waits.
  static constexpr std::size_t kMostPacked = 512 * 1024;

  // Whether so many more may be, which then counts them.
  bool MayPack(std::size_t bytes, std::uint64_t round) {
    if (std::exchange(packed_round_, round) != round) packed_bytes_ = 0;
    if (bytes > kMostPacked - packed_bytes_) return false;
    packed_bytes_ += bytes;
    return true;
  }

 private:
  std::uint64_t packed_round_ = 0;
  std::size_t packed_bytes_ = 0;
};

struct Caller {
  Caller(uid_t its_uid, http2::MemoryBudget* budget, std::size_t threads) : uid(its_uid) {
    for (std::size_t i = 0; i < threads; ++i) {
      accounts.push_back(std::make_unique<CallerAccount>(this, budget));
    }
  }

  std::int64_t calls() const {
    std::int64_t sum = 0;
    for (const auto& account : accounts) sum += account->calls.value();
    return sum;
  }

  const uid_t uid;
  http2::MemoryBudget::Holder memory;
  std::vector<std::unique_ptr<CallerAccount>> accounts;  // by thread
};

inline CallerAccount::CallerAccount(Caller* its_caller, http2::MemoryBudget* budget)
    : caller(its_caller), memory(budget, &its_caller->memory) {}

}  // namespace rpc

#endif  // RPC_CALL_CALLER_H_
