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
