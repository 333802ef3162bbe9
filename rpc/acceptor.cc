// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/acceptor.h"

#include <sys/epoll.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
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

// How often to look where the path leads when nothing tells of a change, or when it does not lead
// here. Two system calls each.
constexpr absl::Duration kCheckPath = absl::Seconds(2);

// How long it must be gone before it is made again. Whoever removes the whole directory, or removes
// the socket to put another one there, is done by then.
constexpr absl::Duration kPathIsGone = absl::Milliseconds(100);

// Against somebody who removes it in a loop; and how often to try while it cannot be made.
constexpr absl::Duration kRestorePathAtMostEvery = absl::Seconds(1);

// Why a connection was closed before it was of use; OK for other endings.
absl::Status WhyRefused(http2::Ending how, const Limits& limits) {
  switch (how) {
    case http2::Ending::kNeverSpoke:
      return absl::DeadlineExceededError(absl::StrCat(
          "it did not begin HTTP/2 within ", absl::FormatDuration(limits.handshake_timeout)));
    case http2::Ending::kHttp1:
      return absl::InvalidArgumentError(
          "it speaks HTTP/1, and was told so; use a gRPC client, such as grpcurl, or HTTP/2 with "
          "prior knowledge");
    case http2::Ending::kTls:
      return absl::InvalidArgumentError(
          "it speaks TLS; use plaintext (grpcurl -plaintext, insecure channel credentials)");
    case http2::Ending::kNotHttp2:
      return absl::InvalidArgumentError("what it sent is not HTTP/2; use a gRPC client");
    case http2::Ending::kNoMemory:
      return absl::ResourceExhaustedError("its uid holds all of the memory that it may have");
    case http2::Ending::kNoSystem:
      return absl::ResourceExhaustedError(
          "the kernel would not read, write or watch it, for want of memory or descriptors; free "
          "some, or raise fs.epoll.max_user_watches");
    default:
      return absl::OkStatus();
  }
}

}  // namespace

Acceptor::Acceptor(uds::Listener listener, Parts parts)
    : listener_(std::move(listener)),
      parts_(std::move(parts)),
      listener_ready_([this] { Accept(); }),
      path_changed_([this] { CheckPath(); }),
      connections_of_shard_(parts_.shards->size()) {}

Acceptor::~Acceptor() {
  parts_.loop->Unwatch(listener_.watch_fd(), &path_changed_);
  if (listener_.fd() >= 0) parts_.loop->Unwatch(listener_.fd(), &listener_ready_);
}

absl::Status Acceptor::Start() {
  if (absl::Status watched = WatchPath(); !watched.ok()) return watched;
  CheckPathLater();
  return Listen();
}

absl::Status Acceptor::WatchPath() {
  if (listener_.watch_fd() < 0) return absl::OkStatus();
  const absl::Status watched = parts_.loop->Watch(listener_.watch_fd(), EPOLLIN, &path_changed_);
  path_is_watched_ = watched.ok();
  return watched;
}

void Acceptor::CheckPath() {
  absl::Status path = listener_.CheckStillOurs();
  if (!absl::IsNotFound(path)) {
    path_gone_since_.reset();
  } else if (!path_gone_since_.has_value()) {
    path_gone_since_ = parts_.loop->now();
  }
  if (MayRestorePath()) {
    const absl::Status restored = RestorePath();
    if (restored.ok()) {
      TellOfPath(path);
      path = absl::OkStatus();
      path_gone_since_.reset();
    } else {
      path = absl::NotFoundError(
          absl::StrCat(path.message(), "; it cannot be made again: ", restored.message()));
    }
  }
  TellOfPath(path);
  CheckPathLater();
}

void Acceptor::TellOfPath(const absl::Status& path) {
  if (path == path_) return;
  path_ = path;
  parts_.events->PathChanged(path);
}

bool Acceptor::MayRestorePath() const {
  const auto is_past = [this](std::optional<http2::Nanoseconds> time, absl::Duration by) {
    return time.has_value() && parts_.loop->now() - *time >= absl::ToInt64Nanoseconds(by);
  };
  if (refusing_ || !is_past(path_gone_since_, kPathIsGone)) return false;
  return !path_restored_at_.has_value() || is_past(path_restored_at_, kRestorePathAtMostEvery);
}

absl::Status Acceptor::RestorePath() {
  parts_.loop->Unwatch(listener_.watch_fd(), &path_changed_);
  if (!paused_) parts_.loop->Unwatch(listener_.fd(), &listener_ready_);
  absl::Status restored = listener_.Restore();
  WatchPath().IgnoreError();
  if (!paused_) {
    if (const absl::Status listening = Listen(); !listening.ok()) Pause(listening);
  }
  if (!restored.ok()) return restored;
  path_restored_at_ = parts_.loop->now();
  AcceptAtEarlierSocket();
  return restored;
}

void Acceptor::AcceptAtEarlierSocket() {
  while (listener_.has_earlier() && AcceptOne()) {
  }
}

void Acceptor::CheckPathLater() {
  const bool is_told = path_.ok() && path_is_watched_ && listener_.watch_gap().ok();
  if (is_told || refusing_ || path_is_checked_later_) return;
  path_is_checked_later_ = true;
  absl::Duration wait = kCheckPath;
  if (path_gone_since_.has_value()) {
    wait = path_gone_since_ == parts_.loop->now() ? kPathIsGone : kRestorePathAtMostEvery;
  }
  parts_.loop->After(wait, [this] {
    path_is_checked_later_ = false;
    CheckPath();
  });
}

absl::Status Acceptor::Listen() {
  return parts_.loop->Watch(listener_.fd(), EPOLLIN, &listener_ready_);
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
    Refuse(peer.status(), nullptr);
    return true;
  }
  parts_.connections->accepted.Add(1);
  Admit(std::move(fd), *std::move(peer));
  return true;
}

void Acceptor::Pause(const absl::Status& why) {
  if (std::exchange(paused_, true)) return;
  parts_.events->AcceptPaused(why);
  // The listener stays readable, so a watch on it would spin until a descriptor is free.
  if (!refusing_) parts_.loop->Unwatch(listener_.fd(), &listener_ready_);
  parts_.loop->After(uds::kAcceptPause, [this] {
    paused_ = false;
    if (refusing_) return;
    const absl::Status listening = Listen();
    if (!listening.ok()) return Pause(listening);
    AcceptAtEarlierSocket();
  });
}

void Acceptor::Admit(uds::UniqueFd fd, uds::PeerCredentials peer) {
  const absl::Status admission = parts_.admit == nullptr ? absl::OkStatus() : parts_.admit(peer);
  const uid_t uid = admission.ok() ? peer.uid : Admission::kDenied;
  const absl::Status free = MakePlace(uid);
  const bool guest = !free.ok();
  auto connection = std::make_shared<Connection>();
  connection->id = ++last_id_;
  connection->since = absl::Now();
  connection->peer = std::move(peer);
  connection->admission = guest ? free : admission;
  if (guest) {
    Refuse(free, connection.get());
    if (guests_ == kMaxGuests) return;
  }
  if (silent_ >= parts_.admission->limits().max_silent_connections) MakeRoomForSilent();
  Adopt(std::move(fd), {.connection = std::move(connection), .uid = uid, .guest = guest});
}

absl::Status Acceptor::MakePlace(uid_t uid) {
  const Admission::Verdict verdict = parts_.admission->MayConnect(uid);
  if (!verdict.evict.has_value()) return verdict.status;
  const auto idle = std::find_if(open_.begin(), open_.end(), [&](const auto& entry) {
    const Open& open = entry.second;
    return !open.guest && open.has_place && open.uid == *verdict.evict &&
           open.connection->calls_in_flight.value() == 0;
  });
  if (idle == open_.end()) return verdict.status;
  Evict(&idle->second);
  return absl::OkStatus();
}

void Acceptor::MakeRoomForSilent() {
  std::unordered_map<uid_t, int> by_uid;
  for (const auto& [id, open] : open_) {
    if (open.is_silent) ++by_uid[open.connection->peer.uid];
  }
  const auto most = std::max_element(by_uid.begin(), by_uid.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  for (auto& [id, open] : open_) {
    if (!open.is_silent || open.connection->peer.uid != most->first) continue;
    Refuse(absl::ResourceExhaustedError("it was closed: too many connections have sent nothing"),
           open.connection.get());
    parts_.connections->silent.Add(1);
    return Evict(&open);
  }
}

void Acceptor::Refuse(const absl::Status& why, const Connection* connection) {
  parts_.connections->refused.Add(1);
  parts_.events->ConnectionRefused(why, connection);
}

void Acceptor::Readmit() {
  if (parts_.admit == nullptr) return;
  for (const auto& [id, open] : open_) {
    const Connection& connection = *open.connection;
    if (open.guest || parts_.admit(connection.peer).ok() == connection.admission.ok()) continue;
    Shard& shard = *(*parts_.shards)[open.shard];
    // Posted, as a connection may end at once, which changes this list.
    shard.loop().Post([&shard, id = id] { shard.Drain(id); });
  }
}

std::size_t Acceptor::FreestShard() const {
  return static_cast<std::size_t>(
      std::min_element(connections_of_shard_.begin(), connections_of_shard_.end()) -
      connections_of_shard_.begin());
}

void Acceptor::Adopt(uds::UniqueFd fd, Open open) {
  const std::uint64_t id = open.connection->id;
  open.shard = FreestShard();
  ++connections_of_shard_[open.shard];
  ++silent_;
  Caller* const caller =
      open.guest ? parts_.admission->guests() : parts_.admission->Connected(open.uid);
  if (open.guest) {
    ++guests_;
    parts_.loop->After(kGuestStay, [this, id] {
      if (const auto found = open_.find(id); found != open_.end()) End(found->second);
    });
  }
  Shard& shard = *(*parts_.shards)[open.shard];
  const std::shared_ptr<Connection> connection = open.connection;
  open_.emplace(id, std::move(open));
  if (&shard.loop() == parts_.loop) return shard.Adopt(std::move(fd), connection, caller);
  shard.loop().Post([&shard, fd = fd.release(), connection, caller] {
    shard.Adopt(uds::UniqueFd(fd), connection, caller);
  });
}

void Acceptor::End(const Open& open) {
  Shard& shard = *(*parts_.shards)[open.shard];
  const std::uint64_t id = open.connection->id;
  if (&shard.loop() == parts_.loop) return shard.End(id);
  shard.loop().Post([&shard, id] { shard.End(id); });
}

void Acceptor::Evict(Open* open) {
  GivePlace(open);
  NotSilent(open);
  End(*open);
}

void Acceptor::GivePlace(Open* open) {
  if (!std::exchange(open->has_place, false)) return;
  if (open->guest) {
    --guests_;
  } else {
    parts_.admission->Disconnected(open->uid);
  }
}

void Acceptor::NotSilent(Open* open) {
  if (std::exchange(open->is_silent, false)) --silent_;
}

void Acceptor::Spoke(const std::shared_ptr<Connection>& connection) {
  const auto found = open_.find(connection->id);
  if (found == open_.end() || std::exchange(found->second.spoke, true)) return;
  NotSilent(&found->second);
  parts_.events->ConnectionOpened(*connection);
}

void Acceptor::Ended(const std::shared_ptr<Connection>& connection, http2::Ending how) {
  const auto found = open_.find(connection->id);
  Open open = std::move(found->second);
  open_.erase(found);
  --connections_of_shard_[open.shard];
  NotSilent(&open);
  GivePlace(&open);
  TellOfEnding(open, how);
  if (open_.empty() && when_all_ended_) std::exchange(when_all_ended_, nullptr)();
}

void Acceptor::TellOfEnding(const Open& open, http2::Ending how) {
  const absl::Status refused = WhyRefused(how, parts_.admission->limits());
  if (!refused.ok()) {
    parts_.connections->silent.Add(1);
    parts_.events->ConnectionRefused(refused, open.connection.get());
  }
  if (!open.spoke) return;
  if (how == http2::Ending::kUnread) {
    parts_.connections->unread.Add(1);
    parts_.events->ConnectionStalled(*open.connection);
  }
  if (how == http2::Ending::kFlooded || how == http2::Ending::kTooManyPings) {
    parts_.connections->flooded.Add(1);
    parts_.events->ConnectionFlooded(*open.connection);
  }
  parts_.connections->Remove(open.connection->id);
  parts_.events->ConnectionClosed(*open.connection);
}

void Acceptor::WhenAllEnded(std::function<void()> work) {
  if (open_.empty()) return work();
  when_all_ended_ = std::move(work);
}

void Acceptor::AcceptTheRest() {
  if (std::exchange(refusing_, true)) return;
  if (!paused_) parts_.loop->Unwatch(listener_.fd(), &listener_ready_);
  paused_ = false;
  listener_.StopAccepting();
  while (AcceptOne()) {
  }
  listener_.Close();
}

}  // namespace rpc
