// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a file is, in a word for people: "a regular file", "a symbolic link", "a socket".

#ifndef UDS_FILE_KIND_H_
#define UDS_FILE_KIND_H_

#include <sys/stat.h>

#include "absl/strings/string_view.h"

namespace uds {

// `mode` is st_mode. Stateless and safe from any thread.
inline absl::string_view FileKind(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "a regular file";
    case S_IFDIR:
      return "a directory";
    case S_IFLNK:
      return "a symbolic link";
    case S_IFIFO:
      return "a FIFO";
    case S_IFSOCK:
      return "a socket";
    case S_IFCHR:
    case S_IFBLK:
      return "a device";
    default:
      return "a file of an unknown kind";
  }
}

}  // namespace uds

#endif  // UDS_FILE_KIND_H_
