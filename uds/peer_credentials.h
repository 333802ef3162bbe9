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
// Thread safety: a value and a free function without state.

#ifndef UDS_PEER_CREDENTIALS_H_
#define UDS_PEER_CREDENTIALS_H_

#include <sys/types.h>

#include <optional>
#include <vector>

#include "absl/status/statusor.h"

namespace uds {

struct PeerCredentials {
  uid_t uid = static_cast<uid_t>(-1);  // effective
  gid_t gid = static_cast<gid_t>(-1);  // effective
  std::vector<gid_t> groups;           // supplementary; may or may not repeat `gid`

  // Decoration for logs and messages, never a ground for a decision: the process may have ended
  // and its number may be another's by now. Absent when the peer lives in a pid namespace that
  // cannot be seen from here.
  std::optional<pid_t> pid;
};

// `fd` is a connected Unix socket; it stays the caller's. FailedPrecondition when it is something
// else or not connected; other errors as getsockopt(2) gives them.
absl::StatusOr<PeerCredentials> ReadPeerCredentials(int fd);

}  // namespace uds

#endif  // UDS_PEER_CREDENTIALS_H_
