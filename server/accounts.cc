// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "uds/printable.h"

namespace udsecho {
namespace {

constexpr id_t kNone = static_cast<id_t>(-1);

// getpwnam_r(3) and getgrnam_r(3) have one shape.
template <typename Entry>
absl::StatusOr<Entry> LookUp(int (*look_up)(const char*, Entry*, char*, std::size_t, Entry**),
                             const std::string& name, absl::string_view kind) {
  std::vector<char> room(4096);
  for (;;) {
    Entry entry = {};
    Entry* found = nullptr;
    const int error = look_up(name.c_str(), &entry, room.data(), room.size(), &found);
    if (found != nullptr) return entry;  // only its numbers outlive `room`
    if (error == ERANGE) {               // a group with many members
      room.resize(room.size() * 4);
      continue;
    }
    if (error == EINTR) continue;
    // The manual allows any of these for "no such name".
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM) {
      return absl::NotFoundError(
          absl::StrCat("there is no ", kind, " '", uds::Printable(name), "' on this machine"));
    }
    return absl::ErrnoToStatus(
        error, absl::StrCat("cannot look up the ", kind, " '", uds::Printable(name), "'"));
  }
}

}  // namespace

absl::StatusOr<uid_t> LookUpUser(const std::string& name) {
  const absl::StatusOr<passwd> user = LookUp<passwd>(&getpwnam_r, name, "user");
  if (!user.ok()) return user.status();
  return user->pw_uid;
}

absl::StatusOr<gid_t> LookUpGroup(const std::string& name) {
  const absl::StatusOr<group> found = LookUp<group>(&getgrnam_r, name, "group");
  if (!found.ok()) return found.status();
  return found->gr_gid;
}

std::optional<id_t> ParseId(absl::string_view text) {
  id_t id = 0;
  if (text.empty() || !std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &id) || id == kNone || id == kOverflowId) {
    return std::nullopt;
  }
  return id;
}

}  // namespace udsecho
