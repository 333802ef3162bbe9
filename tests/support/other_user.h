// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Connections of other users, without other processes.
//
//   if (!MayBeOthers()) GTEST_SKIP() << kNeedsRoot;
//   uds::UniqueFd connection = ConnectAs(20001, path);
//
// The kernel takes a peer's credentials from the thread that calls connect(2). A thread that gives
// its own away for good, and ends, is all that another user is to a server; BecomeUser() of
// child_process.h does the same to a process.
//
// Thread safety: free functions without state.

#ifndef TESTS_SUPPORT_OTHER_USER_H_
#define TESTS_SUPPORT_OTHER_USER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "uds/unique_fd.h"

namespace support {

inline constexpr absl::string_view kNeedsRoot = "needs root, to be several users";

// Whether this process may take any uid: it is root, in a namespace that has them all.
bool MayBeOthers();

// A connection to the socket at `path`, by that uid and the gid of the same number, with these
// supplementary groups. (Of this process's own uid it has this process's.) Non-blocking. Waits
// while the backlog is full. Invalid, with errno, when it cannot be had.
uds::UniqueFd ConnectAs(uid_t uid, const std::string& path, const std::vector<gid_t>& groups = {});

// The same from a socket that was bound to a name first, "unix-abstract:..." for an abstract one.
uds::UniqueFd ConnectBoundAs(uid_t uid, const std::string& path, const std::string& name);

}  // namespace support

#endif  // TESTS_SUPPORT_OTHER_USER_H_
