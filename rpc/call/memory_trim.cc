// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/call/memory_trim.h"

#include <malloc.h>

namespace rpc {

void MemoryTrim::Await() {
  constexpr http2::Nanoseconds kQuiet = 1'000'000'000;
  seen_ = freed_;
  loop_.timers().Set(&quiet_, loop_.now() + kQuiet);
}

void MemoryTrim::Look() {
  if (freed_ - seen_ > kWorthIt) return Await();
  freed_ = 0;
  malloc_trim(0);
}

}  // namespace rpc
