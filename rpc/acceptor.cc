// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/acceptor.h"

#include <sys/epoll.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rpc {
namespace {

// So many are accepted before the loop looks at what else there is to do.
constexpr int kAcceptsInARow = 64;

// How often to look where the path leads when nothing tells of a change, or when it does not lead
// here. Two system calls each.
constexpr absl::Duration kCheckPath = absl::Seconds(2);

// How long it must be gone before it is made again. Whoever removes the whole directory, or removes
// the socket to put another one there, is done by then.
constexpr absl::Duration kPathIsGone = absl::Milliseconds(100);

// Against somebody who removes it in a loop; and how often to try while it cannot be made.
constexpr absl::Duration kRestorePathAtMostEvery = absl::Seconds(1);

}  // namespace

Acceptor::Acceptor(uds::Listener listener, Parts parts)
    : listener_(std::move(listener)),
      parts_(std::move(parts)),
      listener_ready_([this] { Accept(); }),
      path_changed_([this] { CheckPath(); }) {}

Acceptor::~Acceptor() {
  parts_.loop->Unwatch(listener_.watch_fd(), &path_changed_);
  if (listener_.fd() >= 0) parts_.loop->Unwatch(listener_.fd(), &listener_ready_);
}

absl::Status Acceptor::Start() { return Listen(); }

absl::Status Acceptor::Publish() {
  if (absl::Status published = listener_.Publish(); !published.ok()) return published;
  if (absl::Status watched = WatchPath(); !watched.ok()) return watched;
  // Nobody tells of what happened before it was watched.
  parts_.loop->Post([this] { CheckPath(); });
  return absl::OkStatus();
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
  parts_.events->PathChanged(parts_.endpoint->index(), path);
  if (is_taken_over() && !refusing_) parts_.taken_over();
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
    parts_.reception->Refuse(peer.status(), nullptr);
    return true;
  }
  parts_.reception->Take(std::move(fd), *std::move(peer), *parts_.endpoint);
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
