// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// POSIX access control lists, as setfacl(1) sets them.
//
//   if (!SetAccessList(path, {{.tag = ACL_USER, .permissions = 7, .id = 1001}})) GTEST_SKIP();

#ifndef TESTS_UDS_ACCESS_LIST_H_
#define TESTS_UDS_ACCESS_LIST_H_

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>

#include <cstdint>
#include <string>
#include <vector>

namespace uds {

struct AccessEntry {
  uint16_t tag = 0;
  uint16_t permissions = 0;
  uint32_t id = 0;
};

// Gives a directory of mode 0700 these entries, of users first and then of groups, in the order of
// their numbers, and a mask that lets all of them have effect. False when its file system, or the
// sandbox, has none. "system.posix_acl_default" is what new files in it get.
inline bool SetAccessList(const std::string& path, const std::vector<AccessEntry>& named,
                          const char* attribute = "system.posix_acl_access") {
  std::string bytes;
  const auto append = [&bytes](uint16_t tag, uint16_t permissions, uint32_t id) {
    const posix_acl_xattr_entry entry = {htole16(tag), htole16(permissions), htole32(id)};
    bytes.append(reinterpret_cast<const char*>(&entry), sizeof(entry));
  };
  const posix_acl_xattr_header header = {htole32(POSIX_ACL_XATTR_VERSION)};
  bytes.append(reinterpret_cast<const char*>(&header), sizeof(header));
  constexpr auto kNone = static_cast<uint32_t>(ACL_UNDEFINED_ID);
  append(ACL_USER_OBJ, 7, kNone);
  for (const AccessEntry& entry : named) {
    if (entry.tag == ACL_USER) append(entry.tag, entry.permissions, entry.id);
  }
  append(ACL_GROUP_OBJ, 0, kNone);
  for (const AccessEntry& entry : named) {
    if (entry.tag == ACL_GROUP) append(entry.tag, entry.permissions, entry.id);
  }
  append(ACL_MASK, 7, kNone);
  append(ACL_OTHER, 0, kNone);
  return setxattr(path.c_str(), attribute, bytes.data(), bytes.size(), 0) == 0;
}

}  // namespace uds

#endif  // TESTS_UDS_ACCESS_LIST_H_
