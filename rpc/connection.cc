// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/connection.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "rpc/goaway.h"

namespace rpc {

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

void ConnectionTable::GoAway() {
  for (const auto& [fd, connection] : by_fd_) rpc::GoAway(connection.get());
}

}  // namespace rpc
