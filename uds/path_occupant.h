// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who is at a path that somebody would like to have.
//
//   absl::StatusOr<Occupant> occupant = LookAt(directory, "sock1", /*is_held=*/false);
//   if (occupant.ok() && occupant->liveness == Liveness::kDead) ...it may be taken...
//
// Thread safety: any thread. Ownership: an occupant keeps its file open, and so its inode.

#ifndef UDS_PATH_OCCUPANT_H_
#define UDS_PATH_OCCUPANT_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "uds/directory.h"
#include "uds/socket_probe.h"
#include "uds/unique_fd.h"

namespace uds {

// A server that has the path.
struct PathHolder {
  uid_t uid = 0;
  std::optional<pid_t> pid = std::nullopt;  // informational only
};

struct Occupant {
  UniqueFd socket;  // invalid when there is none
  Liveness liveness = Liveness::kDead;
  std::optional<PathHolder> holder;  // of a live one, if it can be told
};

// The file at `name`, invalid if there is none. FAILED_PRECONDITION: it is no socket.
absl::StatusOr<UniqueFd> FindSocket(const Directory& directory, const std::string& name);

// Likewise, and whether anybody has it bound. `is_held`: another server has the lock, so that there
// is no need to know what the kernel says.
absl::StatusOr<Occupant> LookAt(const Directory& directory, const std::string& name, bool is_held);

// ALREADY_EXISTS. `waited`: for how long it took no connections; 0: it does take some.
absl::Status InUse(const std::string& path, const std::optional<PathHolder>& holder,
                   absl::Duration waited = absl::ZeroDuration());

}  // namespace uds

#endif  // UDS_PATH_OCCUPANT_H_
