// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The directory that a socket is in, held open: what was examined is what is used, whatever
// chdir(2) or rename(2) does meanwhile or later.
//
//   absl::StatusOr<uds::Directory> directory = uds::Directory::OpenParentOf("/run/echo/sock1");
//   UniqueFd file = directory->Open(directory->base_name());
//
// Thread safety: const access from several threads is fine.

#ifndef UDS_DIRECTORY_H_
#define UDS_DIRECTORY_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace uds {

class Directory {
 public:
  // `path` is that of a file which need not exist. NotFound, FailedPrecondition (not a directory)
  // or PermissionDenied.
  static absl::StatusOr<Directory> OpenParentOf(absl::string_view path);

  int fd() const { return fd_.get(); }
  const std::string& base_name() const { return base_name_; }

  // The path of a file in here as the user would write it; for messages, safe to print.
  std::string Show(absl::string_view name) const;

  // How to bind or connect to `name`, through /proc/self/fd when the path itself is too long.
  // InvalidArgument when even that is.
  absl::StatusOr<Address> AddressOf(absl::string_view name) const;

  // Holds the file itself, not what a symlink points to, without opening it (O_PATH): its inode
  // number is not given to another file meanwhile. Invalid, with errno set, when there is none.
  UniqueFd Open(const std::string& name) const;

  // OK when `name` is the very file that `file` holds; NotFound when there is no such name;
  // FailedPrecondition when it is another file.
  absl::Status CheckIs(const std::string& name, const UniqueFd& file) const;

 private:
  Directory(UniqueFd fd, std::string prefix, std::string base_name)
      : fd_(std::move(fd)), prefix_(std::move(prefix)), base_name_(std::move(base_name)) {}

  UniqueFd fd_;
  std::string prefix_;  // of the path as given: empty, or ends with a slash
  std::string base_name_;
};

}  // namespace uds

#endif  // UDS_DIRECTORY_H_
