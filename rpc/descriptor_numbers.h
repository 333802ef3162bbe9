// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Descriptor numbers that were not used of late.
//
// gRPC names a connection by its descriptor's number and nothing else. The kernel gives out the
// lowest free number, so that a number would come back at once, and a call that was still on its
// way could be taken for one of the next connection. Here a floor moves up with every number given
// out, and starts again at the bottom when it comes to the end.
//
// Thread safety: none.
// Ownership: what is returned is the caller's.

#ifndef RPC_DESCRIPTOR_NUMBERS_H_
#define RPC_DESCRIPTOR_NUMBERS_H_

#include "absl/status/statusor.h"
#include "uds/unique_fd.h"

namespace rpc {

class DescriptorNumbers {
 public:
  // Gives out numbers between those that a program uses for itself and the lesser of RLIMIT_NOFILE
  // and 65,536: the kernel keeps a table as long as the highest number, 8 bytes an entry.
  DescriptorNumbers();

  // A duplicate of `fd`, close-on-exec. RESOURCE_EXHAUSTED when all numbers are in use.
  absl::StatusOr<uds::UniqueFd> Duplicate(int fd);

 private:
  const int last_;
  const int first_;
  int floor_;
};

}  // namespace rpc

#endif  // RPC_DESCRIPTOR_NUMBERS_H_
