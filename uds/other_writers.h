// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who may make, rename and remove files in a directory besides its owner, by its mode and its
// POSIX access control list; and files without such a list.
//
// Lists of other kinds (NFSv4, SMB) are not read: the mode that their file system shows counts.
//
// Thread safety: free functions without state.

#ifndef UDS_OTHER_WRITERS_H_
#define UDS_OTHER_WRITERS_H_

#include <sys/stat.h>

#include <string>

#include "uds/unique_fd.h"

namespace uds {

struct OtherWriters {
  std::string who;     // "everybody", "uid 1001", "the members of group 7"; empty: none
  std::string remedy;  // the command that takes the right away, without the directory's name
};

// Whether users other than this one and root may write. `directory` may be an O_PATH descriptor,
// `file` is what fstat(2) says of it. A list that cannot be read counts as one that lets others
// write, if its mask does: the mode's bits for the group are that mask.
OtherWriters FindOtherWriters(const UniqueFd& directory, const struct stat& file);

// Takes away the list that a new file has if its directory has a default one: users whom nobody
// named would have the rights of the mode's group bits. `file` may be an O_PATH descriptor, and
// `path` leads to it, for where there is no /proc. False, and errno, if there may be one still.
bool RemoveAccessList(const UniqueFd& file, const std::string& path);

}  // namespace uds

#endif  // UDS_OTHER_WRITERS_H_
