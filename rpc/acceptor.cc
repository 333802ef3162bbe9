// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/acceptor.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace rpc {
namespace {

// So many are accepted before the loop looks at what else there is to do.
constexpr int kAcceptsInARow = 64;

// Connections over a limit that are taken all the same, to tell their callers so, and for how long:
// a client that comes back may find a place. Closed at once, it would call again and again.
constexpr int kMaxGuests = 64;
constexpr absl::Duration kGuestStay = absl::Seconds(1);

// An edge for whatever arrives, although gRPC is the one to read it.
constexpr std::uint32_t kArrivals = EPOLLIN | EPOLLET;
// The hang-up is always told.
constexpr std::uint32_t kHangUpAlone = 0;

}  // namespace

Acceptor::Acceptor(uds::Listener listener, Parts parts)
    : listener_(std::move(listener)),
      parts_(std::move(parts)),
      gate_(
          parts_.loop, parts_.limits, parts_.counters,
          {.spoke = [this](Newcomer* newcomer) { return Admit(newcomer); },
           .refused = [this](const absl::Status& why) { parts_.events->ConnectionRefused(why); }}),
      unread_(parts_.loop, parts_.limits.send_timeout,
              {.quiet =
                   [this](std::uint64_t id) {
                     parts_.loop->Change(open_.at(id).connection->socket.get(), kArrivals);
                   },
               .stalled = [this](std::uint64_t id) { EndStalled(id); }}),
      overload_({.loop = parts_.loop,
                 .max_growth_bytes = parts_.limits.max_growth_bytes,
                 .ask = parts_.ask,
                 .connections = [this] { return All(); },
                 .ended = [this](const Connection& connection) { Ended(connection.id); },
                 .shed =
                     [this](uid_t place, std::size_t count) {
                       parts_.counters->shed.Add(count);
                       parts_.events->ConnectionsShed(place, count);
                     },
                 .flooded =
                     [this](const Connection& connection) {
                       parts_.counters->shed.Add(1);
                       parts_.events->ConnectionFlooded(connection);
                     }}),
      places_(parts_.limits) {}

Acceptor::~Acceptor() {
  parts_.loop->Unwatch(listener_.watch_fd());
  for (const auto& [id, open] : open_) parts_.loop->Unwatch(open.connection->socket.get());
}

absl::Status Acceptor::Start() {
  if (listener_.watch_fd() >= 0) {
    absl::Status watched =
        parts_.loop->Watch(listener_.watch_fd(), EPOLLIN, [this] { CheckPath(); });
    if (!watched.ok()) return watched;
  }
  return Listen();
}

void Acceptor::CheckPath() {
  const absl::Status status = listener_.CheckStillOurs();
  if (status.code() == path_.code()) return;
  path_ = status;
  parts_.events->PathChanged(status);
}

absl::Status Acceptor::Listen() {
  return parts_.loop->Watch(listener_.fd(), EPOLLIN, [this] { Accept(); });
}

void Acceptor::Accept() {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    if (!AcceptOne()) return;
  }
}

bool Acceptor::AcceptOne() {
  if (paused_) return false;
  absl::StatusOr<std::optional<uds::UniqueFd>> accepted = listener_.Accept();
  if (!accepted.ok()) {
    Pause(accepted.status());
    return false;
  }
  if (!accepted->has_value()) return false;
  uds::UniqueFd fd = **std::move(accepted);
  absl::StatusOr<uds::PeerCredentials> peer = uds::ReadPeerCredentials(fd.get());
  if (!peer.ok()) {
    parts_.counters->refused.Add(1);
    parts_.events->ConnectionRefused(peer.status());
    return true;
  }
  parts_.counters->accepted.Add(1);
  if (RefuseWhoIsOut(peer->uid)) return true;
  gate_.Enter({.fd = std::move(fd), .peer = *std::move(peer)});
  return !paused_;
}

void Acceptor::Pause(const absl::Status& why) {
  if (std::exchange(paused_, true)) return;
  parts_.events->AcceptPaused(why);
  // The listener stays readable, so a watch on it would spin until a descriptor is free.
  if (!refusing_) parts_.loop->Unwatch(listener_.fd());
  parts_.loop->After(uds::kAcceptPause, [this] {
    paused_ = false;
    if (refusing_) return;
    const absl::Status listening = Listen();
    if (!listening.ok()) Pause(listening);
  });
}

bool Acceptor::RefuseWhoIsOut(uid_t uid) {
  if (!penalties_.IsOut(uid, absl::Now())) return false;
  Refuse(absl::ResourceExhaustedError(
      absl::StrCat("uid ", uid, " took too much a moment ago; let it wait, and do less")));
  return true;
}

bool Acceptor::Admit(Newcomer* newcomer) {
  if (RefuseWhoIsOut(newcomer->peer.uid)) return true;  // since it came to the gate
  const absl::Status admission =
      parts_.admit == nullptr ? absl::OkStatus() : parts_.admit(newcomer->peer);
  const uid_t place = admission.ok() ? newcomer->peer.uid : Places::kDenied;
  const absl::Status free = MakePlace(place);
  const bool guest = !free.ok();
  if (guest && guests_ == kMaxGuests) {
    Refuse(free);
    return true;
  }
  absl::StatusOr<uds::UniqueFd> for_grpc = numbers_.Duplicate(newcomer->fd.get());
  if (!for_grpc.ok()) {
    if (!refusing_) Pause(for_grpc.status());
    if (refusing_) Refuse(for_grpc.status());  // a drain does not wait
    return refusing_;
  }
  auto connection = std::make_shared<Connection>(
      ++last_id_, for_grpc->release(), std::move(newcomer->fd), std::move(newcomer->peer),
      absl::Now(), guest ? free : admission, place, guest);
  if (guest) Refuse(free);
  Adopt(std::move(connection));
  return true;
}

absl::Status Acceptor::MakePlace(uid_t user) {
  const Places::Verdict verdict = places_.For(user);
  if (!verdict.from.has_value()) return verdict.status;
  const auto idle = std::find_if(open_.begin(), open_.end(), [&](const auto& entry) {
    const Connection& connection = *entry.second.connection;
    return !connection.guest && connection.place == *verdict.from &&
           connection.calls_in_flight == 0;
  });
  if (idle == open_.end()) return verdict.status;
  End(idle->first);
  return absl::OkStatus();
}

void Acceptor::Refuse(const absl::Status& why) {
  parts_.counters->refused.Add(1);
  parts_.events->ConnectionRefused(why);
}

void Acceptor::Adopt(std::shared_ptr<Connection> connection) {
  const std::uint64_t id = connection->id;
  // It has just spoken, or it would be at the gate: see Stirred().
  const absl::Status watched = parts_.loop->Watch(
      connection->socket.get(), refusing_ ? kArrivals : kHangUpAlone, [this, id] { Stirred(id); });
  if (!watched.ok()) {
    close(connection->fd);
    return Refuse(watched);
  }
  open_.emplace(id, Open{.connection = connection, .heard = std::chrono::steady_clock::now()});
  if (connection->guest) {
    ++guests_;
    parts_.loop->After(kGuestStay, [this, id] { End(id); });
  } else {
    places_.Take(connection->place);
  }
  parts_.events->ConnectionOpened(*connection);
  parts_.adopt(connection);
  // Last: it may end the connection at once, if memory is short, and what ends must have begun.
  LookAfter(id, connection);
}

void Acceptor::End(std::uint64_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  found->second.connection->End();
  Ended(id);
}

void Acceptor::Stirred(std::uint64_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  if ((parts_.loop->events() & (EPOLLHUP | EPOLLERR)) != 0) return Ended(id);
  found->second.heard = std::chrono::steady_clock::now();
  const std::shared_ptr<Connection>& connection = found->second.connection;
  // No more of that until it is quiet: an event for each message would cost as much as the message.
  if (!refusing_) parts_.loop->Change(connection->socket.get(), kHangUpAlone);
  LookAfter(id, connection);
}

void Acceptor::LookAfter(std::uint64_t id, const std::shared_ptr<Connection>& connection) {
  unread_.Begin(id, connection);
  overload_.Begin([this] { return !unread_.empty(); });
}

void Acceptor::Ended(std::uint64_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  std::shared_ptr<Connection> ended = std::move(found->second.connection);
  open_.erase(found);
  unread_.Forget(id);
  if (ended->offended) penalties_.Add(ended->peer.uid, absl::Now());
  if (ended->guest) {
    --guests_;
  } else {
    places_.Give(ended->place);
  }
  // Before it is closed: while gRPC's duplicate lives, a closed descriptor keeps reporting.
  parts_.loop->Unwatch(ended->socket.get());
  parts_.events->ConnectionClosed(*ended);
  parts_.forget(std::move(ended));
}

void Acceptor::EndStalled(std::uint64_t id) {
  const Connection& connection = *open_.at(id).connection;
  parts_.counters->unread.Add(1);
  parts_.events->ConnectionStalled(connection);
  End(id);
}

Acceptor::Connections Acceptor::All() const {
  Connections all;
  all.reserve(open_.size());
  for (const auto& [id, open] : open_) all.push_back(open.connection);
  return all;
}

void Acceptor::AcceptTheRest() {
  refusing_ = true;
  if (!paused_) parts_.loop->Unwatch(listener_.fd());
  paused_ = false;
  listener_.StopAccepting();
  while (AcceptOne()) {
  }
  listener_.Close();
  for (const auto& [id, open] : open_) {
    parts_.loop->Change(open.connection->socket.get(), kArrivals);
  }
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
  gate_.CloseAll();
  for (const auto& [id, open] : open_) open.connection->End();
}

}  // namespace rpc
