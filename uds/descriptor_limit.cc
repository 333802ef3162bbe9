// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace uds {

std::int64_t DescriptorLimit() {
  constexpr rlim_t kNone = std::numeric_limits<std::int64_t>::max();
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return static_cast<std::int64_t>(kNone);
  return static_cast<std::int64_t>(std::min(limit.rlim_max, kNone));
}

void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace uds
