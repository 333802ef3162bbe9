// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/overload.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/time/clock.h"
#include "rpc/header_flood.h"
#include "rpc/limits.h"

namespace rpc {
namespace {

// Who weighs less is not to blame as long as those who were have just gone, and gRPC is still
// freeing what they took. After that they are: a flood that paces itself, and reads, has little in
// its socket.
constexpr std::int64_t kLeastWeight = 128 * 1024;
constexpr std::int64_t kLeastWeightLater = 32 * 1024;

// A second.
constexpr int kBeatsToShed = 10;

// How much of what waits in a socket is looked at: more than any two frames.
constexpr std::size_t kPeek = 40 * 1024;

// A guess at what a connection takes. One that floods has its socket full, one way or the other.
std::int64_t Weight(const Connection& connection) {
  int unread_by_us = 0;
  int unread_by_client = 0;
  ioctl(connection.socket.get(), FIONREAD, &unread_by_us);
  ioctl(connection.socket.get(), SIOCOUTQ, &unread_by_client);
  return unread_by_us + unread_by_client + connection.calls_in_flight * Limits::kCallBytes;
}

}  // namespace

Overload::Overload(Parts parts)
    : parts_(std::move(parts)),
      memory_(parts_.loop, parts_.max_growth_bytes, [this] { Shed(); }),
      heartbeat_(parts_.loop, parts_.ask, [this](int missed) { HeldUp(missed); }) {}

void Overload::Begin(const std::function<bool()>& goes_on) {
  memory_.Begin(goes_on);
  heartbeat_.Begin(goes_on);
}

void Overload::HeldUp(int beats_missed) {
  EndFloods();
  if (beats_missed % kBeatsToShed == 0) Shed();
}

void Overload::Shed() {
  std::map<uid_t, std::int64_t> weights;
  const auto connections = parts_.connections();
  for (const auto& connection : connections) weights[connection->place] += Weight(*connection);
  const auto most = std::max_element(weights.begin(), weights.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  const absl::Time now = absl::Now();
  const std::int64_t least =
      now < shed_at_ + MemoryGuard::kFreeing ? kLeastWeight : kLeastWeightLater;
  if (most == weights.end() || most->second < least) return;
  shed_at_ = now;
  const uid_t heaviest = most->first;
  const auto is_to_blame = [heaviest](const auto& one) { return one->place == heaviest; };
  parts_.shed(heaviest, std::count_if(connections.begin(), connections.end(), is_to_blame));
  for (const auto& connection : connections) {
    if (!is_to_blame(connection)) continue;
    connection->EndForOffence();
    parts_.ended(*connection);
  }
}

void Overload::EndFloods() {
  std::vector<char> bytes(kPeek);
  for (const auto& connection : parts_.connections()) {
    const ssize_t count =
        recv(connection->socket.get(), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (count <= 0 || !HasContinuation({bytes.data(), static_cast<std::size_t>(count)})) continue;
    parts_.flooded(*connection);
    connection->EndForOffence();
    parts_.ended(*connection);
  }
}

}  // namespace rpc
