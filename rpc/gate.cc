// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/gate.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "rpc/handshake.h"
#include "uds/listener.h"

namespace rpc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr absl::Duration kAsGoodAsNever = absl::Hours(24 * 365);

struct Seen {
  Handshake handshake = Handshake::kIncomplete;
  bool left = false;  // and nothing more will come
};

Seen LookInto(int fd) {
  std::array<char, kHandshakeHead> head{};
  const ssize_t count = recv(fd, head.data(), head.size(), MSG_PEEK | MSG_DONTWAIT);
  if (count == 0 || (count < 0 && errno != EAGAIN)) return {.left = true};
  if (count < 0) return {};
  int available = 0;
  ioctl(fd, FIONREAD, &available);
  const Handshake handshake = LookAtHandshake({head.data(), static_cast<std::size_t>(count)},
                                              static_cast<std::size_t>(available));
  pollfd end{.fd = fd, .events = POLLRDHUP, .revents = 0};
  return {.handshake = handshake,
          .left = handshake == Handshake::kIncomplete && poll(&end, 1, 0) == 1};
}

}  // namespace

Gate::Gate(EventLoop* loop, const Limits& limits, ConnectionCounters* counters, Callbacks callbacks)
    : loop_(loop), limits_(limits), counters_(*counters), callbacks_(std::move(callbacks)) {}

Gate::~Gate() { CloseAll(); }

void Gate::Enter(Newcomer newcomer) {
  MakeRoom();
  const std::uint64_t id = ++last_id_;
  ++by_uid_[newcomer.peer.uid];
  const auto timeout =
      absl::ToChronoNanoseconds(std::min(limits_.handshake_timeout, kAsGoodAsNever));
  waiting_.emplace(id, Waiting{.newcomer = std::move(newcomer), .due = Clock::now() + timeout});
  Look(id);
}

void Gate::Look(std::uint64_t id) {
  const auto at = waiting_.find(id);
  if (at == waiting_.end()) return;
  const Seen seen = LookInto(at->second.newcomer.fd.get());
  if (seen.left) {
    Take(at);
  } else if (seen.handshake == Handshake::kForeign) {
    Refuse(at, absl::InvalidArgumentError("what it sent is not HTTP/2; use a gRPC client"));
  } else if (seen.handshake == Handshake::kComplete) {
    Spoke(at);
  } else {
    Await(at);
  }
}

void Gate::Await(Queue::iterator at) {
  if (!at->second.watched) {
    // An edge for whatever arrives, as what has arrived stays in the socket.
    const absl::Status watched =
        loop_->Watch(at->second.newcomer.fd.get(), EPOLLIN | EPOLLRDHUP | EPOLLET,
                     [this, id = at->first] { Look(id); });
    if (!watched.ok()) return Refuse(at, watched);
    at->second.watched = true;
  }
  StartTimer();
}

void Gate::Spoke(Queue::iterator at) {
  Waiting& waiting = at->second;
  if (std::exchange(waiting.watched, false)) loop_->Unwatch(waiting.newcomer.fd.get());
  const uid_t uid = waiting.newcomer.peer.uid;
  if (!callbacks_.spoke(&waiting.newcomer)) {
    loop_->After(uds::kAcceptPause, [this, id = at->first] { Look(id); });
    StartTimer();
    return;
  }
  Forget(uid);
  waiting_.erase(at);
}

void Gate::Refuse(Queue::iterator at, const absl::Status& why) {
  const Newcomer refused = Take(at);
  counters_.silent.Add(1);
  callbacks_.refused(absl::Status(
      why.code(), absl::StrCat("uid ", refused.peer.uid, " was closed: ", why.message())));
}

Newcomer Gate::Take(Queue::iterator at) {
  Newcomer taken = std::move(at->second.newcomer);
  if (at->second.watched) loop_->Unwatch(taken.fd.get());
  waiting_.erase(at);
  Forget(taken.peer.uid);
  return taken;
}

void Gate::Forget(uid_t uid) {
  const auto count = by_uid_.find(uid);
  if (--count->second == 0) by_uid_.erase(count);
}

void Gate::MakeRoom() {
  if (waiting_.size() < static_cast<std::size_t>(limits_.max_silent_connections)) return;
  const auto most = std::max_element(by_uid_.begin(), by_uid_.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  const auto oldest = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& entry) {
    return entry.second.newcomer.peer.uid == most->first;
  });
  Refuse(oldest, absl::ResourceExhaustedError(
                     "it had not spoken, and too many had not; speak at once, or have "
                     "--max_silent_connections raised"));
}

void Gate::CloseOverdue() {
  while (!waiting_.empty() && waiting_.begin()->second.due <= Clock::now()) {
    Refuse(waiting_.begin(),
           absl::DeadlineExceededError(absl::StrCat(
               "it did not begin HTTP/2 within ", absl::FormatDuration(limits_.handshake_timeout),
               "; speak at once, or have --handshake_timeout raised")));
  }
}

void Gate::StartTimer() {
  if (waiting_.empty() || std::exchange(timer_runs_, true)) return;
  loop_->After(absl::FromChrono(waiting_.begin()->second.due - Clock::now()), [this] {
    timer_runs_ = false;
    CloseOverdue();
    StartTimer();
  });
}

void Gate::CloseAll() {
  while (!waiting_.empty()) Take(waiting_.begin());
}

}  // namespace rpc
