// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "uds/printable.h"

namespace uds {
namespace {

// In a user namespace the machine's root may have no number, and its files show the overflow uid.
// A shared directory such as /tmp is then still what it was.
bool OwnerIsOutsideOurUserNamespace(const struct stat& directory) {
  constexpr uid_t kOverflowUid = 65534;      // /proc/sys/kernel/overflowuid, never changed
  constexpr unsigned kAllUids = 4294967295;  // what uid_map says outside of any namespace
  if (directory.st_uid != kOverflowUid) return false;
  std::FILE* map = std::fopen("/proc/self/uid_map", "re");
  if (map == nullptr) return false;
  unsigned count = kAllUids;
  const int fields = std::fscanf(map, "%*u %*u %u", &count);
  std::fclose(map);
  return fields == 1 && count != kAllUids;
}

}  // namespace

absl::StatusOr<Directory> Directory::OpenParentOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  const size_t prefix_length = slash == absl::string_view::npos ? 0 : slash + 1;
  std::string prefix(path.substr(0, prefix_length));
  const char* opened = prefix.empty() ? "." : prefix.c_str();
  UniqueFd fd(open(opened, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot put a socket at ", Printable(path),
                                                   ": its directory is not usable"));
  }
  std::string base_name(path.substr(prefix_length));
  return Directory(std::move(fd), std::move(prefix), std::move(base_name));
}

absl::Status Directory::CheckTrusted() const {
  struct stat directory = {};
  if (fstat(fd(), &directory) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot examine ", Show(".")));
  }
  const uid_t owner = directory.st_uid;
  const bool is_sticky = (directory.st_mode & S_ISVTX) != 0;
  if (owner != 0 && owner != geteuid() &&
      !(is_sticky && OwnerIsOutsideOurUserNamespace(directory))) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the directory of %s belongs to uid %d, who could put a socket of their own in its place; "
        "use a directory that belongs to you (uid %d) or to root",
        Show(base_name_), owner, geteuid()));
  }
  const gid_t group = directory.st_gid;
  const bool is_private_group = group == 0 || (group == getegid() && group == geteuid());
  const bool group_writes = (directory.st_mode & S_IWGRP) != 0 && !is_private_group;
  const bool others_write = (directory.st_mode & S_IWOTH) != 0;
  if ((group_writes || others_write) && !is_sticky) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the directory of %s has mode %04o: %s could put a socket of their own in its place; "
        "take that right away (chmod go-w), set the sticky bit (chmod +t), or use another "
        "directory",
        Show(base_name_), directory.st_mode & 07777,
        others_write ? std::string("everybody") : absl::StrCat("the members of group ", group)));
  }
  return absl::OkStatus();
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
