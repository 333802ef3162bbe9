// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/reception.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace rpc {
namespace {

// Connections over a limit that are taken all the same, to tell their callers so, and for how long:
// a client that comes back may find a place. Closed at once, it would call again and again.
constexpr int kMaxGuests = 64;
constexpr absl::Duration kGuestStay = absl::Seconds(1);

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

Reception::Reception(const Parts& parts)
    : parts_(parts), connections_of_shard_(parts_.shards->size()) {}

void Reception::Take(uds::UniqueFd fd, uds::PeerCredentials peer, const Endpoint& endpoint) {
  parts_.connections->accepted.Add(1);
  const absl::Status admission = endpoint.Admit(peer);
  const uid_t uid = admission.ok() ? peer.uid : Admission::kDenied;
  const absl::Status free = MakePlace(uid);
  const bool guest = !free.ok();
  auto connection = std::make_shared<Connection>();
  connection->id = ++last_id_;
  connection->endpoint = endpoint.index();
  connection->since = absl::Now();
  connection->peer = std::move(peer);
  connection->admission = guest ? free : admission;
  if (guest) {
    Refuse(free, connection.get());
    if (guests_ == kMaxGuests) return;
  }
  if (silent_ >= parts_.admission->limits().max_silent_connections) MakeRoomForSilent();
  Adopt(std::move(fd),
        {.connection = std::move(connection), .endpoint = &endpoint, .uid = uid, .guest = guest});
}

absl::Status Reception::MakePlace(uid_t uid) {
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

void Reception::MakeRoomForSilent() {
  std::unordered_map<uid_t, int> by_uid;
  for (const auto& [id, open] : open_) {
    if (open.is_silent) ++by_uid[open.connection->peer.uid];
  }
  const auto most = std::max_element(by_uid.begin(), by_uid.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  for (auto& [id, open] : open_) {
    if (!open.is_silent || open.connection->peer.uid != most->first) continue;
    parts_.connections->silent.Add(1);
    parts_.events->ConnectionRefused(
        absl::ResourceExhaustedError("it was closed: too many connections have sent nothing"),
        open.connection.get());
    return Evict(&open);
  }
}

void Reception::Refuse(const absl::Status& why, const Connection* connection) {
  parts_.connections->refused.Add(1);
  parts_.events->ConnectionRefused(why, connection);
}

void Reception::Readmit() {
  for (const auto& [id, open] : open_) {
    const Connection& connection = *open.connection;
    if (open.guest || !open.endpoint->asks()) continue;
    if (open.endpoint->Admit(connection.peer).ok() == connection.admission.ok()) continue;
    Shard& shard = *(*parts_.shards)[open.shard];
    // Posted, as a connection may end at once, which changes this list.
    shard.loop().Post([&shard, id = id] { shard.Drain(id); });
  }
}

std::size_t Reception::FreestShard() const {
  return static_cast<std::size_t>(
      std::min_element(connections_of_shard_.begin(), connections_of_shard_.end()) -
      connections_of_shard_.begin());
}

void Reception::Adopt(uds::UniqueFd fd, Open open) {
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
  const Methods* const methods = &open.endpoint->methods();
  open_.emplace(id, std::move(open));
  if (&shard.loop() == parts_.loop) return shard.Adopt(std::move(fd), methods, connection, caller);
  shard.loop().Post([&shard, fd = fd.release(), methods, connection, caller] {
    shard.Adopt(uds::UniqueFd(fd), methods, connection, caller);
  });
}

void Reception::End(const Open& open) {
  Shard& shard = *(*parts_.shards)[open.shard];
  const std::uint64_t id = open.connection->id;
  if (&shard.loop() == parts_.loop) return shard.End(id);
  shard.loop().Post([&shard, id] { shard.End(id); });
}

void Reception::Evict(Open* open) {
  GivePlace(open);
  NotSilent(open);
  End(*open);
}

void Reception::GivePlace(Open* open) {
  if (!std::exchange(open->has_place, false)) return;
  if (open->guest) {
    --guests_;
  } else {
    parts_.admission->Disconnected(open->uid);
  }
}

void Reception::NotSilent(Open* open) {
  if (std::exchange(open->is_silent, false)) --silent_;
}

void Reception::Spoke(const std::shared_ptr<Connection>& connection) {
  const auto found = open_.find(connection->id);
  if (found == open_.end() || std::exchange(found->second.spoke, true)) return;
  NotSilent(&found->second);
  parts_.events->ConnectionOpened(*connection);
}

void Reception::Ended(const std::shared_ptr<Connection>& connection, http2::Ending how) {
  const auto found = open_.find(connection->id);
  Open open = std::move(found->second);
  open_.erase(found);
  --connections_of_shard_[open.shard];
  NotSilent(&open);
  GivePlace(&open);
  TellOfEnding(open, how);
  if (open_.empty() && when_all_ended_) std::exchange(when_all_ended_, nullptr)();
}

void Reception::TellOfEnding(const Open& open, http2::Ending how) {
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

void Reception::WhenAllEnded(std::function<void()> work) {
  if (open_.empty()) return work();
  when_all_ended_ = std::move(work);
}

}  // namespace rpc
