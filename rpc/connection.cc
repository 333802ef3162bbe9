// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/connection.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "rpc/goaway.h"

namespace rpc {

bool Connection::IsSelfCall() const {
  if (peer.pid != getpid()) return false;
  sockaddr_un name = {};
  socklen_t length = sizeof(name);
  return getpeername(socket.get(), reinterpret_cast<sockaddr*>(&name), &length) == 0 &&
         length > sizeof(name.sun_family);
}

void Connection::End() const {
  shutdown(socket.get(), SHUT_RDWR);
  // gRPC would read on to the end of what is in the socket: thousands of calls, if it was a flood.
  std::array<char, 16 * 1024> unread;
  while (recv(socket.get(), unread.data(), unread.size(), MSG_DONTWAIT) > 0) {
  }
}

void Connection::EndForOffence() const {
  offended = true;
  End();
}

void ConnectionTable::Insert(std::shared_ptr<Connection> connection) {
  const int fd = connection->fd;
  by_fd_.insert_or_assign(fd, std::move(connection));
}

void ConnectionTable::Remove(const Connection& connection) {
  if (Has(connection)) by_fd_.erase(connection.fd);
}

bool ConnectionTable::Has(const Connection& connection) const {
  const auto found = by_fd_.find(connection.fd);
  return found != by_fd_.end() && found->second->id == connection.id;
}

std::shared_ptr<Connection> ConnectionTable::Find(absl::string_view peer) const {
  int fd = -1;
  if (!absl::ConsumePrefix(&peer, "fd:") || !absl::SimpleAtoi(peer, &fd)) return nullptr;
  const auto found = by_fd_.find(fd);
  return found == by_fd_.end() ? nullptr : found->second;
}

void ConnectionTable::GoAway() {
  for (const auto& [fd, connection] : by_fd_) rpc::GoAway(connection.get());
}

}  // namespace rpc
