// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/private_group.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace uds {
namespace {

constexpr std::size_t kRoom = 4096;           // bytes for the strings of an entry, to begin with
constexpr std::size_t kMostRoom = 16U << 20;  // a group of some hundred thousand members

struct Members {
  bool self = false;
  bool others = false;  // neither this user nor root

  void Add(uid_t uid) {
    self = self || uid == geteuid();
    others = others || (uid != geteuid() && uid != 0);
  }
};

// A member that is no account any more counts as another user: the name may be given out again.
void AddAccount(const char* name, Members* members) {
  passwd account = {};
  passwd* found = nullptr;
  std::vector<char> room(kRoom);
  while (getpwnam_r(name, &account, room.data(), room.size(), &found) == ERANGE &&
         room.size() < kMostRoom) {
    room.resize(room.size() * 4);
  }
  if (found == nullptr) {
    members->others = true;
  } else {
    members->Add(account.pw_uid);
  }
}

void AddListed(gid_t group_id, Members* members) {
  group entry = {};
  group* found = nullptr;
  std::vector<char> room(kRoom);
  while (getgrgid_r(group_id, &entry, room.data(), room.size(), &found) == ERANGE &&
         room.size() < kMostRoom) {
    room.resize(room.size() * 4);
  }
  if (found == nullptr) return;
  for (char** name = entry.gr_mem; *name != nullptr; ++name) AddAccount(*name, members);
}

// Those whose own group it is are not in the group's list. The file is read, and not asked for by
// getpwent(3), which has one state for the whole process.
void AddThoseWhoseOwnItIs(gid_t group_id, Members* members) {
  std::FILE* file = std::fopen("/etc/passwd", "re");
  if (file == nullptr) return;
  passwd account = {};
  passwd* found = nullptr;
  std::vector<char> room(kRoom);
  for (;;) {
    const int error = fgetpwent_r(file, &account, room.data(), room.size(), &found);
    if (error == ERANGE && room.size() < kMostRoom) {
      room.resize(room.size() * 4);  // the line is read again
      continue;
    }
    if (error != 0) break;
    if (account.pw_gid == group_id) members->Add(account.pw_uid);
  }
  std::fclose(file);
}

bool IsIn(gid_t group_id) {
  if (getegid() == group_id) return true;
  const int count = getgroups(0, nullptr);
  std::vector<gid_t> groups(count > 0 ? static_cast<std::size_t>(count) : 0);
  const int filled = getgroups(static_cast<int>(groups.size()), groups.data());
  return filled > 0 &&
         std::find(groups.begin(), groups.begin() + filled, group_id) != groups.begin() + filled;
}

}  // namespace

bool IsPrivateGroup(gid_t group_id) {
  Members members;
  AddListed(group_id, &members);
  AddThoseWhoseOwnItIs(group_id, &members);
  if (members.others) return false;
  if (group_id == 0) return geteuid() == 0 || !IsIn(group_id);
  return members.self || group_id == geteuid();
}

}  // namespace uds
