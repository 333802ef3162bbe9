// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/other_writers.h"

#include <endian.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "uds/private_group.h"

namespace uds {
namespace {

constexpr char kAttribute[] = "system.posix_acl_access";

struct Entry {
  uint16_t tag = 0;
  uint16_t permissions = 0;
  uint32_t id = 0;
};

// The attribute's bytes; empty when there is no list. Nullopt when it cannot be told.
std::optional<std::vector<char>> ReadAttribute(const UniqueFd& directory) {
  std::vector<char> bytes(XATTR_SIZE_MAX);
  // An O_PATH descriptor has no attributes, but the file that it holds has.
  const std::string path = absl::StrCat("/proc/self/fd/", directory.get());
  ssize_t size = getxattr(path.c_str(), kAttribute, bytes.data(), bytes.size());
  if (size < 0 && errno != ENODATA && errno != EOPNOTSUPP) {  // no /proc here, perhaps
    const UniqueFd opened(openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.valid()) return std::nullopt;
    size = fgetxattr(opened.get(), kAttribute, bytes.data(), bytes.size());
  }
  if (size < 0 && errno != ENODATA && errno != EOPNOTSUPP) return std::nullopt;
  bytes.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return bytes;
}

// All numbers of the attribute are little-endian.
std::optional<std::vector<Entry>> ReadList(const UniqueFd& directory) {
  const std::optional<std::vector<char>> bytes = ReadAttribute(directory);
  if (!bytes.has_value()) return std::nullopt;
  std::vector<Entry> entries;
  if (bytes->empty()) return entries;
  posix_acl_xattr_header header = {};
  if (bytes->size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, bytes->data(), sizeof(header));
  if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION) return std::nullopt;
  for (size_t at = sizeof(header); at + sizeof(posix_acl_xattr_entry) <= bytes->size();
       at += sizeof(posix_acl_xattr_entry)) {
    posix_acl_xattr_entry entry = {};
    std::memcpy(&entry, bytes->data() + at, sizeof(entry));
    entries.push_back({le16toh(entry.e_tag), le16toh(entry.e_perm), le32toh(entry.e_id)});
  }
  return entries;
}

OtherWriters Group(gid_t group, const std::string& remedy) {
  if (IsPrivateGroup(group)) return {};
  return {absl::StrCat("the members of group ", group), remedy};
}

OtherWriters OfEntry(const Entry& entry, gid_t group) {
  if ((entry.permissions & ACL_WRITE) == 0) return {};
  if (entry.tag == ACL_GROUP_OBJ) return Group(group, "chmod g-w");
  if (entry.tag == ACL_GROUP) return Group(entry.id, absl::StrCat("setfacl -x g:", entry.id));
  if (entry.tag == ACL_USER && entry.id != 0 && entry.id != geteuid()) {
    return {absl::StrCat("uid ", entry.id), absl::StrCat("setfacl -x u:", entry.id)};
  }
  return {};
}

}  // namespace

OtherWriters FindOtherWriters(const UniqueFd& directory, const struct stat& file) {
  if ((file.st_mode & S_IWOTH) != 0) return {"everybody", "chmod go-w"};
  // With a list, these bits are its mask: without this one no entry gives the right.
  if ((file.st_mode & S_IWGRP) == 0) return {};
  const std::optional<std::vector<Entry>> list = ReadList(directory);
  if (!list.has_value()) {
    return {"whoever is in its access control list, which cannot be read,", "chmod g-w"};
  }
  if (list->empty()) return Group(file.st_gid, "chmod g-w");
  for (const Entry& entry : *list) {
    OtherWriters writers = OfEntry(entry, file.st_gid);
    if (!writers.who.empty()) return writers;
  }
  return {};
}

bool RemoveAccessList(const UniqueFd& file, const std::string& path) {
  const std::string held = absl::StrCat("/proc/self/fd/", file.get());
  if (removexattr(held.c_str(), kAttribute) == 0) return true;
  if (errno == ENOENT && lremovexattr(path.c_str(), kAttribute) == 0) return true;
  return errno == ENODATA || errno == EOPNOTSUPP;
}

}  // namespace uds
