// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/descriptor_numbers.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

namespace rpc {
namespace {

constexpr int kHighest = 65'536;

int Limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, kHighest));
}

}  // namespace

DescriptorNumbers::DescriptorNumbers()
    : last_(Limit()), first_(std::min(64, last_ / 2)), floor_(first_) {}

absl::StatusOr<uds::UniqueFd> DescriptorNumbers::Duplicate(int fd) {
  // From the floor up, then once more from the bottom: EINVAL says that the floor is at the limit,
  // EMFILE that nothing above it is free. At last among the lowest, for somebody may have lowered
  // the limit of the running process below `first_`.
  for (const int floor : {floor_, first_, 0}) {
    uds::UniqueFd duplicate(fcntl(fd, F_DUPFD_CLOEXEC, floor));
    if (!duplicate.valid()) continue;
    floor_ = duplicate.get() + 1 < last_ ? duplicate.get() + 1 : first_;
    return duplicate;
  }
  return absl::ResourceExhaustedError("all descriptors are in use; raise `ulimit -n`");
}

}  // namespace rpc
