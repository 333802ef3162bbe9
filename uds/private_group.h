// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Whether a group is this user's alone, as Debian makes one for each user.
//
// The practice of OpenSSH in Debian (user-group-modes.patch): the accounts of the machine decide. A
// group that no account is a member of is not private: a program may get it by setgid, or from a
// container's manager.
//
// Thread safety: a free function without state.

#ifndef UDS_PRIVATE_GROUP_H_
#define UDS_PRIVATE_GROUP_H_

#include <sys/types.h>

namespace uds {

// True when no account but this process's user and root is in the group, as far as the group's list
// of members and /etc/passwd tell, and either the user is in it or it has the user's number. Group
// 0 is root's, unless this process is in it without being root: then others may be, too.
bool IsPrivateGroup(gid_t group);

}  // namespace uds

#endif  // UDS_PRIVATE_GROUP_H_
