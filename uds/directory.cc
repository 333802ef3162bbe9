// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "uds/printable.h"

namespace uds {
absl::StatusOr<Directory> Directory::OpenParentOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  const size_t prefix_length = slash == absl::string_view::npos ? 0 : slash + 1;
  std::string prefix(path.substr(0, prefix_length));
  const char* opened = prefix.empty() ? "." : prefix.c_str();
  UniqueFd fd(open(opened, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot put a socket at ", Printable(path),
                                                   ": its directory cannot be used (make it, or "
                                                   "choose another address)"));
  }
  std::string base_name(path.substr(prefix_length));
  return Directory(std::move(fd), std::move(prefix), std::move(base_name));
}

std::string Directory::Show(absl::string_view name) const {
  return Printable(absl::StrCat(prefix_, name));
}

absl::StatusOr<Address> Directory::AddressOf(absl::string_view name) const {
  std::string path = absl::StrCat(prefix_, name);
  if (path.size() > Address::kMaxLength) path = absl::StrCat("/proc/self/fd/", fd(), "/", name);
  return Address::Parse(absl::StrCat("unix:", absl::StartsWith(path, "//") ? "//" : "", path));
}

UniqueFd Directory::Open(const std::string& name) const {
  return UniqueFd(openat(fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

absl::Status Directory::CheckIs(const std::string& name, const UniqueFd& file) const {
  struct stat found = {};
  if (fstatat(fd(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    return absl::ErrnoToStatus(errno, Show(name));
  }
  struct stat expected = {};
  if (fstat(file.get(), &expected) != 0) return absl::ErrnoToStatus(errno, Show(name));
  if (found.st_dev == expected.st_dev && found.st_ino == expected.st_ino) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(Show(name), " is another file by now"));
}

}  // namespace uds
