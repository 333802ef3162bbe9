// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The descriptors that a service manager passed to this process, as sd_listen_fds_with_names(3) gives
// them: from 3 on, described by $LISTEN_FDS, $LISTEN_PID and $LISTEN_FDNAMES.
//
// Thread safety: changes the environment: call it before any thread starts.

#ifndef UDS_LISTEN_FDS_H_
#define UDS_LISTEN_FDS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "uds/unique_fd.h"

namespace uds {

struct ListenFds {
  std::vector<UniqueFd> fds;         // close-on-exec
  std::optional<std::string> names;  // separated by colons, and not checked
};

// Takes them, and the variables out of the environment. Variables that are meant for another process,
// or for none, are left alone: then there is nothing. InvalidArgument if $LISTEN_FDS is no number
// of open descriptors.
absl::StatusOr<ListenFds> TakeListenFds();

}  // namespace uds

#endif  // UDS_LISTEN_FDS_H_
