// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who is at the other end of a Unix socket, by the kernel's word.
//
//   absl::StatusOr<uds::PeerCredentials> peer = uds::ReadPeerCredentials(connection.get());
//   if (!peer.ok()) return;  // Close it: whoever cannot be named is not served.
//   if (peer->uid != geteuid()) ...
//
// They name whoever called connect(2) (or, seen from the client, listen(2)) at that moment. A
// process that was handed the connected descriptor later, or that changed its uid since, goes by
// the old name. Ids are as seen from the reader's user namespace: an unmapped uid reads as the
// overflow uid, 65534.
//
// Thread safety: a value and free functions without state.

#ifndef UDS_PEER_CREDENTIALS_H_
#define UDS_PEER_CREDENTIALS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"

namespace uds {

struct PeerCredentials {
  uid_t uid = static_cast<uid_t>(-1);  // effective
  gid_t gid = static_cast<gid_t>(-1);  // effective
  // Supplementary; may or may not repeat `gid`. Empty if the kernel does not tell them.
  std::vector<gid_t> groups = {};

  // Informational, for logs and messages; never decide by it: the process may have ended and its
  // number may be another's by now. Absent when the peer lives in a pid namespace that
  // cannot be seen from here.
  std::optional<pid_t> pid = std::nullopt;

  // Which process that is: a number that the kernel gives to no other one while it runs, as it does
  // with the pid (the inode of SO_PEERPIDFD's descriptor; Linux 6.9). Absent where it does not tell.
  std::optional<std::uint64_t> process = std::nullopt;
};

// `fd` is a connected Unix socket; it stays the caller's. FailedPrecondition when it is something
// else or not connected; other errors as getsockopt(2) gives them.
absl::StatusOr<PeerCredentials> ReadPeerCredentials(int fd);

// Whether the peer has this process's effective uid. In a user namespace that does not map all uids,
// the overflow uid is nobody's in particular, and never this process's.
bool IsOurUser(const PeerCredentials& peer);

// Whether the pid is still that of the process that connected. What was read of it before (in /proc)
// was that process's then. Nullopt if that cannot be told.
std::optional<bool> IsStillItsPid(const PeerCredentials& peer);

// Whether supplementary groups are among the credentials: SO_PEERGROUPS of Linux 4.13. Without it
// (gVisor) a peer has its primary group alone.
bool KernelTellsPeerGroups();

}  // namespace uds

#endif  // UDS_PEER_CREDENTIALS_H_
