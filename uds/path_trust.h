// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Whether another user can put a file of their own where a path leads.
//
// Every directory from the root on counts, and every symbolic link on the way: a private directory
// is of no use inside one that others may write, as they can rename it and make another.
//
//   if (absl::Status status = uds::CheckPathTrusted("/run/echo/sock1"); !status.ok()) return status;
//
// A relative path is looked at from the root too, unless the working directory cannot be reached
// from there.
//
// Thread safety: a free function without state.

#ifndef UDS_PATH_TRUST_H_
#define UDS_PATH_TRUST_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace uds {

// `path` is that of a file of this user's, which need not exist. FailedPrecondition, with what to
// do and IsUntrustedPath(), when a user who is neither this one nor root can replace the file,
// because one of these
//  - owns a directory on the way, or may write it (mode, access control list, membership of a group
//    that is not this user's own: uds/private_group.h) and it has no sticky bit;
//  - owns a symbolic link on the way, in a directory that others may write.
// Another error means that the way could not be followed.
//
// In a user namespace the owners of many directories have no number. Above the last directory of
// the path such an owner counts as root; the last one must be sticky then, as /tmp is. A directory
// that is not sticky is another user's if the namespace has a user of the overflow uid's number.
absl::Status CheckPathTrusted(absl::string_view path);

// Whether a status says that another user can replace the file.
bool IsUntrustedPath(const absl::Status& status);

}  // namespace uds

#endif  // UDS_PATH_TRUST_H_
