// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/support/other_user.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>
#include <utility>

#include "tests/support/patience.h"
#include "uds/address.h"

namespace support {
namespace {

// The system calls themselves: the functions of the C library change all threads.
bool BecomeUser(uid_t uid, const std::vector<gid_t>& groups) {
  if (uid == geteuid()) return true;
  return syscall(SYS_setgroups, groups.size(), groups.data()) == 0 &&
         syscall(SYS_setresgid, uid, uid, uid) == 0 && syscall(SYS_setresuid, uid, uid, uid) == 0;
}

// Runs `work` on a thread of that user, and gives what it returns.
uds::UniqueFd OnThreadOf(uid_t uid, const std::vector<gid_t>& groups,
                         const std::function<uds::UniqueFd()>& work) {
  uds::UniqueFd result;
  int error = 0;
  std::thread thread([&] {
    if (BecomeUser(uid, groups)) result = work();
    error = errno;
  });
  thread.join();
  errno = error;
  return result;
}

bool Bind(int fd, const std::string& name) {
  const absl::StatusOr<uds::Address> address = uds::Address::Parse(name);
  return address.ok() && bind(fd, address->socket_address(), address->socket_address_length()) == 0;
}

uds::UniqueFd Connect(const std::string& path, const std::string& bound_to) {
  uds::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid() || (!bound_to.empty() && !Bind(fd.get(), bound_to))) return {};
  const timeval patience = {.tv_sec = kPatience.count(), .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  const absl::StatusOr<uds::Address> address = uds::Address::Parse(path);
  if (!address.ok()) return {};
  if (TEMP_FAILURE_RETRY(
          connect(fd.get(), address->socket_address(), address->socket_address_length())) != 0) {
    return {};
  }
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  return fd;
}

}  // namespace

bool MayBeOthers() {
  constexpr uid_t kNobodys = 20002;
  bool may = false;
  std::thread([&may] { may = BecomeUser(kNobodys, {}); }).join();
  return may;
}

uds::UniqueFd ConnectAs(uid_t uid, const std::string& path, const std::vector<gid_t>& groups) {
  return OnThreadOf(uid, groups, [&] { return Connect(path, ""); });
}

uds::UniqueFd ConnectBoundAs(uid_t uid, const std::string& path, const std::string& name) {
  return OnThreadOf(uid, {}, [&] { return Connect(path, name); });
}

}  // namespace support
