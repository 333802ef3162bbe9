// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How many descriptors the process may have (RLIMIT_NOFILE). Each connection takes one, and the usual soft
// limit of 1024 is meant for programs that use select(2), as systemd.exec(5) explains.
//
//   uds::RaiseDescriptorLimit();                          // to the hard limit
//   const std::int64_t most = uds::DescriptorLimit();     // of descriptors that are open at once
//
// Thread safety: any thread.

#ifndef UDS_DESCRIPTOR_LIMIT_H_
#define UDS_DESCRIPTOR_LIMIT_H_

#include <cstdint>

namespace uds {

// The hard limit, to which the process may raise its soft one.
std::int64_t DescriptorLimit();

// Raises the soft limit to the hard one. Does nothing where the kernel refuses that.
void RaiseDescriptorLimit();

}  // namespace uds

#endif  // UDS_DESCRIPTOR_LIMIT_H_
