// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Sockets as other software makes them: no lock, no probe, no care.
//
//   uds::UniqueFd server = Listening(dir.Path("sock1"));

#ifndef TESTS_UDS_RAW_SOCKET_H_
#define TESTS_UDS_RAW_SOCKET_H_

#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace uds {

inline void CheckThat(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::abort();
}

inline Address AddressOf(absl::string_view text) { return Address::Parse(text).value(); }

inline UniqueFd Bound(const std::string& path, int type = SOCK_STREAM) {
  UniqueFd fd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  const Address address = AddressOf(path);
  CheckThat(bind(fd.get(), address.socket_address(), address.socket_address_length()) == 0, "bind");
  return fd;
}

inline UniqueFd Listening(const std::string& path, int backlog = 16) {
  UniqueFd fd = Bound(path);
  CheckThat(listen(fd.get(), backlog) == 0, "listen");
  return fd;
}

// Connected, or invalid with errno set; never waits.
inline UniqueFd Dial(const std::string& path) {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const Address address = AddressOf(path);
  const int result = connect(fd.get(), address.socket_address(), address.socket_address_length());
  return result == 0 ? std::move(fd) : UniqueFd();
}

// Leaves a socket file as a killed server does.
inline void LeaveDeadSocket(const std::string& path) { Listening(path).reset(); }

inline bool Exists(const std::string& path) {
  struct stat file = {};
  return lstat(path.c_str(), &file) == 0;
}

inline struct stat Stat(const std::string& path) {
  struct stat file = {};
  CheckThat(lstat(path.c_str(), &file) == 0, path.c_str());
  return file;
}

}  // namespace uds

#endif  // TESTS_UDS_RAW_SOCKET_H_
