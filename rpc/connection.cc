// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "rpc/goaway.h"

namespace rpc {

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
  const auto found = by_fd_.find(connection.fd);
  if (found != by_fd_.end() && found->second->id == connection.id) by_fd_.erase(found);
}

std::shared_ptr<Connection> ConnectionTable::Find(absl::string_view peer) const {
  int fd = -1;
  if (!absl::ConsumePrefix(&peer, "fd:") || !absl::SimpleAtoi(peer, &fd)) return nullptr;
  const auto found = by_fd_.find(fd);
  return found == by_fd_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const Connection>> ConnectionTable::All() const {
  std::vector<std::shared_ptr<const Connection>> all;
  all.reserve(by_fd_.size());
  for (const auto& [fd, connection] : by_fd_) all.push_back(connection);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  return all;
}

void ConnectionTable::GoAway() {
  for (const auto& [fd, connection] : by_fd_) rpc::GoAway(connection.get());
}

}  // namespace rpc
