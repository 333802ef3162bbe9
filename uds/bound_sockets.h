// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Whether some process has a Unix socket bound to a given file.
//
// connect(2) says ECONNREFUSED both of a socket file that is left from a dead server and of a
// server that has bound but does not listen yet. The kernel's list of sockets tells them apart.
//
// It lists the sockets of this network namespace: a bound socket that does not listen, in a
// container that shares the directory but not the network, is not seen.
//
// Thread safety: free functions without state.

#ifndef UDS_BOUND_SOCKETS_H_
#define UDS_BOUND_SOCKETS_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace uds {

// A socket file as lstat(2) sees it.
struct SocketFile {
  dev_t device = 0;
  ino_t inode = 0;
  std::string base_name;  // a bound name that does not end with this is not looked at
};

// Counts sockets that listen, and those neither listening nor connected. Connections that a
// server has accepted bear its name too, and do not count. Any user may ask about any socket.
// Asks the two below in turn; FailedPrecondition when neither can tell.
absl::StatusOr<bool> IsBound(const SocketFile& file);

// By device and inode through NETLINK_SOCK_DIAG, which sees through renames, and by name on file
// systems whose device numbers differ inside and outside of the kernel (btrfs, overlayfs).
absl::StatusOr<bool> IsBoundInSockDiag(const SocketFile& file);

// By name in /proc/self/net/unix, where netlink is not allowed: misses a file that was renamed after
// bind, and takes a relative name that matches for a hit.
absl::StatusOr<bool> IsBoundInProcNetUnix(const SocketFile& file);

}  // namespace uds

#endif  // UDS_BOUND_SOCKETS_H_
