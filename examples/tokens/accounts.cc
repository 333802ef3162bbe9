// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "uds/printable.h"

namespace tokens {
namespace {

constexpr std::size_t kFirstBuffer = 4 << 10;    // bytes, enough for most entries
constexpr std::size_t kLargestBuffer = 4 << 20;  // bytes: a group with 100,000 members

// getpwnam_r(3) and getgrnam_r(3) have the same shape.
template <typename Entry>
using Function = int (*)(const char*, Entry*, char*, std::size_t, Entry**);

template <typename Entry>
absl::StatusOr<id_t> LookUp(Function<Entry> function, id_t Entry::*id, absl::string_view kind,
                            const std::string& name) {
  const std::string what = absl::StrCat(kind, " '", uds::Printable(name), "'");
  Entry entry = {};
  Entry* found = nullptr;
  // With a NUL within, the functions would look for what is before it.
  int error = name.find('\0') == std::string::npos ? ERANGE : ENOENT;
  std::vector<char> buffer(kFirstBuffer);
  while (error == ERANGE && buffer.size() <= kLargestBuffer) {
    error = function(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) buffer.resize(buffer.size() * 4);
  }
  if (found != nullptr && entry.*id == kOverflowId) {
    return absl::InvalidArgumentError(absl::StrCat(
        what,
        " has the id 65534, which stands for all users that the kernel does not know; name "
        "another one"));
  }
  if (found != nullptr) return entry.*id;
  // The manual allows each of these for "no such name".
  if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM) {
    return absl::NotFoundError(
        absl::StrCat("there is no ", what, " on this machine; create it, or fix the name"));
  }
  return absl::ErrnoToStatus(
      error, absl::StrCat("cannot look up the ", what, "; write the number that `id` prints"));
}

}  // namespace

absl::StatusOr<uid_t> LookUpUser(const std::string& name) {
  return LookUp<passwd>(&getpwnam_r, &passwd::pw_uid, "user", name);
}

absl::StatusOr<gid_t> LookUpGroup(const std::string& name) {
  return LookUp<group>(&getgrnam_r, &group::gr_gid, "group", name);
}

}  // namespace tokens
