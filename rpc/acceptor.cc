// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/acceptor.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace rpc {
namespace {

// So many are accepted before the loop looks at what else there is to do.
constexpr int kAcceptsInARow = 64;

}  // namespace

Acceptor::Acceptor(EventLoop* loop, uds::Listener listener, Handover handover, ServerEvents* events)
    : loop_(loop),
      listener_(std::move(listener)),
      handover_(std::move(handover)),
      events_(events) {}

Acceptor::~Acceptor() {
  for (const auto& [id, open] : open_) loop_->Unwatch(open.connection->socket.get());
}

absl::Status Acceptor::Start() { return Listen(); }

absl::Status Acceptor::Listen() {
  return loop_->Watch(listener_.fd(), EPOLLIN, [this] { Accept(); });
}

void Acceptor::Accept() {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    if (!AcceptOne()) return;
  }
}

bool Acceptor::AcceptOne() {
  uds::UniqueFd fd = std::move(waiting_);
  if (!fd.valid()) {
    absl::StatusOr<std::optional<uds::UniqueFd>> accepted = listener_.Accept();
    if (!accepted.ok()) {
      Pause(accepted.status());
      return false;
    }
    fd = (*std::move(accepted)).value_or(uds::UniqueFd());
    if (!fd.valid()) return false;
  }
  const absl::Status admitted = Admit(&fd);
  if (absl::IsResourceExhausted(admitted) && !refusing_) {
    waiting_ = std::move(fd);
    Pause(admitted);
    return false;
  }
  if (!admitted.ok()) events_->ConnectionRefused(admitted);
  return true;
}

void Acceptor::Pause(const absl::Status& why) {
  events_->AcceptPaused(why);
  if (refusing_) return;  // AcceptTheRest() does not wait
  // The listener stays readable, so a watch on it would spin until a descriptor is free.
  loop_->Unwatch(listener_.fd());
  loop_->After(uds::kAcceptPause, [this] {
    if (refusing_) return;
    const absl::Status listening = Listen();
    if (!listening.ok()) Pause(listening);
  });
}

absl::Status Acceptor::Admit(uds::UniqueFd* fd) {
  absl::StatusOr<uds::PeerCredentials> peer = uds::ReadPeerCredentials(fd->get());
  if (!peer.ok()) return peer.status();
  absl::StatusOr<uds::UniqueFd> for_grpc = numbers_.Duplicate(fd->get());
  if (!for_grpc.ok()) return for_grpc.status();

  const std::uint64_t id = ++last_id_;
  // No event but the hang-up, which is always told: data is gRPC's affair.
  absl::Status watched = loop_->Watch(fd->get(), 0, [this, id] { Ended(id); });
  if (!watched.ok()) return watched;

  auto connection = std::make_shared<Connection>(id, for_grpc->release(), std::move(*fd),
                                                 *std::move(peer), absl::Now(), absl::OkStatus());
  open_.emplace(id, Open{connection});
  events_->ConnectionOpened(*connection);
  handover_.adopt(std::move(connection));
  return absl::OkStatus();
}

void Acceptor::Ended(std::uint64_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  std::shared_ptr<Connection> ended = std::move(found->second.connection);
  open_.erase(found);
  // Before it is closed: while gRPC's duplicate lives, a closed descriptor keeps reporting.
  loop_->Unwatch(ended->socket.get());
  events_->ConnectionClosed(*ended);
  handover_.forget(std::move(ended));
}

void Acceptor::AcceptTheRest() {
  refusing_ = true;
  loop_->Unwatch(listener_.fd());
  listener_.StopAccepting();
  while (AcceptOne()) {
  }
  listener_.Close();
  std::vector<std::uint64_t> ids;  // apart, as an ended one is taken out
  ids.reserve(open_.size());
  for (const auto& [id, open] : open_) ids.push_back(id);
  for (const std::uint64_t id : ids) WatchForData(id);
}

void Acceptor::WatchForData(std::uint64_t id) {
  const int fd = open_.at(id).connection->socket.get();
  loop_->Unwatch(fd);
  // An edge for whatever arrives, although gRPC is the one to read it.
  const absl::Status watched = loop_->Watch(fd, EPOLLIN | EPOLLET, [this, id] { Stirred(id); });
  if (!watched.ok()) Ended(id);  // not to be had: there was a watch on it a moment ago
}

void Acceptor::Stirred(std::uint64_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  pollfd hang_up{.fd = found->second.connection->socket.get(), .events = 0, .revents = 0};
  if (poll(&hang_up, 1, 0) == 1) return Ended(id);
  found->second.heard = std::chrono::steady_clock::now();
}

bool Acceptor::HeardInTheLast(std::chrono::milliseconds span) const {
  const auto since = std::chrono::steady_clock::now() - span;
  return std::any_of(open_.begin(), open_.end(),
                     [since](const auto& entry) { return entry.second.heard > since; });
}

Acceptor::Connections Acceptor::Unread() const {
  Connections unread;
  for (const auto& [id, open] : open_) {
    int bytes = 0;
    const int fd = open.connection->socket.get();
    if (ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0) unread.push_back(open.connection);
  }
  return unread;
}

void Acceptor::EndAll() {
  for (const auto& [id, open] : open_) shutdown(open.connection->socket.get(), SHUT_RDWR);
}

}  // namespace rpc
