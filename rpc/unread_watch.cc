// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/unread_watch.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace rpc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLooks = 8;
// While anybody is watched, the memory guard and the heartbeat (overload.h) wake the process 120
// times a second: that should end soon after the last call.
constexpr absl::Duration kLongestPause = absl::Seconds(1);

}  // namespace

void UnreadWatch::Begin(std::uint64_t id, std::shared_ptr<const Connection> connection) {
  watched_.try_emplace(id, Watched{.connection = std::move(connection), .since = Clock::now()});
  StartTimer();
}

UnreadWatch::Finding UnreadWatch::Look(Watched* watched) const {
  int unread = 0;
  if (ioctl(watched->connection->socket.get(), SIOCOUTQ, &unread) != 0) return Finding::kQuiet;
  if (unread == 0 && watched->connection->calls_in_flight == 0) return Finding::kQuiet;
  const std::uint64_t writes = watched->connection->writes_ended.value();
  const auto now = Clock::now();
  if (unread == 0 || unread != watched->unread || writes != watched->writes) {
    watched->unread = unread;
    watched->writes = writes;
    watched->since = now;
  }
  return absl::FromChrono(now - watched->since) < timeout_ ? Finding::kGoesOn : Finding::kStalled;
}

void UnreadWatch::LookAtAll() {
  std::vector<std::pair<std::uint64_t, Finding>> found;  // apart, as the callbacks change the map
  for (auto& [id, watched] : watched_) {
    const Finding finding = Look(&watched);
    if (finding != Finding::kGoesOn) found.emplace_back(id, finding);
  }
  for (const auto& [id, finding] : found) {
    Forget(id);
    (finding == Finding::kQuiet ? callbacks_.quiet : callbacks_.stalled)(id);
  }
}

void UnreadWatch::StartTimer() {
  if (watched_.empty() || std::exchange(timer_runs_, true)) return;
  loop_->After(std::min(timeout_ / kLooks, kLongestPause), [this] {
    timer_runs_ = false;
    LookAtAll();
    StartTimer();
  });
}

}  // namespace rpc
