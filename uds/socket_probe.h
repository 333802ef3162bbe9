// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Is anybody behind this socket file?
//
// Thread safety: a free function without state.

#ifndef UDS_SOCKET_PROBE_H_
#define UDS_SOCKET_PROBE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "uds/directory.h"
#include "uds/peer_credentials.h"
#include "uds/unique_fd.h"

namespace uds {

enum class Liveness {
  kDead,    // no process has it bound: the file is what remains of a server
  kSilent,  // a process has it bound and takes no connections: not yet, or not any more
  kAlive,   // somebody listens, perhaps with a full backlog, or it cannot be told
};

struct ProbeResult {
  Liveness liveness = Liveness::kDead;
  std::optional<PeerCredentials> server;  // who called listen(2), if they took a connection
};

// `file` holds the socket `name` of `directory`. A live server sees one connection that is closed
// at once. Never waits. An error means that it could not be told.
absl::StatusOr<ProbeResult> ProbeSocket(const Directory& directory, const std::string& name,
                                        const UniqueFd& file);

}  // namespace uds

#endif  // UDS_SOCKET_PROBE_H_
