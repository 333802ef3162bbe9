// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <optional>
#include <utility>

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
  for (const auto& [id, connection] : open_) loop_->Unwatch(connection->socket.get());
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
  absl::StatusOr<std::optional<uds::UniqueFd>> accepted = listener_.Accept();
  if (!accepted.ok()) {
    Pause(accepted.status());
    return false;
  }
  if (!accepted->has_value()) return false;
  const absl::Status admitted = Admit(**std::move(accepted));
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

absl::Status Acceptor::Admit(uds::UniqueFd fd) {
  absl::StatusOr<uds::PeerCredentials> peer = uds::ReadPeerCredentials(fd.get());
  if (!peer.ok()) return peer.status();
  absl::StatusOr<uds::UniqueFd> for_grpc = numbers_.Duplicate(fd.get());
  if (!for_grpc.ok()) return for_grpc.status();

  const std::uint64_t id = ++last_id_;
  // No event but the hang-up, which is always told: data is gRPC's affair.
  absl::Status watched = loop_->Watch(fd.get(), 0, [this, id] { Ended(id); });
  if (!watched.ok()) return watched;

  auto connection = std::make_shared<Connection>(id, for_grpc->release(), std::move(fd),
                                                 *std::move(peer), absl::Now());
  open_.emplace(id, connection);
  events_->ConnectionOpened(*connection);
  handover_.adopt(std::move(connection));
  return absl::OkStatus();
}

void Acceptor::Ended(std::uint64_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  std::shared_ptr<Connection> ended = std::move(found->second);
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
}

void Acceptor::EndAll() {
  for (const auto& [id, connection] : open_) shutdown(connection->socket.get(), SHUT_RDWR);
}

}  // namespace rpc
