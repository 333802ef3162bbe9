// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/connections.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace udsecho::client {
namespace {

// What a connection may take besides the messages, which are shared: for each call nghttp2's stream
// and frames, for all the rest a lot more than a well-behaved server brings about.
constexpr int64_t kOfACall = 8 * 1024;
constexpr int64_t kOfAConnection = 16 * 1024 * 1024;

}  // namespace

Connections::Connections(const Plan& plan, int count, int concurrency)
    : plan_(plan),
      most_bytes_(kOfAConnection + kOfACall * concurrency),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      links_(count) {}

absl::Status Connections::Connect() {
  if (!epoll_.valid()) return absl::ErrnoToStatus(errno, "epoll_create1");
  for (std::unique_ptr<Link>& link : links_) {
    absl::StatusOr<uds::UniqueFd> fd = plan_.target.Connect(plan_.call.timeout);
    if (!fd.ok()) return fd.status();
    link = Open(*std::move(fd));
    if (link == nullptr) return absl::ErrnoToStatus(errno, "epoll_ctl");
  }
  return absl::OkStatus();
}

std::unique_ptr<Connections::Link> Connections::Open(uds::UniqueFd fd) {
  auto link = std::make_unique<Link>(std::move(fd), most_bytes_);
  epoll_event event = {.events = EPOLLIN, .data = {.ptr = link.get()}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, link->connection.fd(), &event) != 0) return nullptr;
  link->watched_for = EPOLLIN;
  Touch(link.get());
  return link;
}

void Connections::Repair() {
  std::erase_if(old_, [](const std::unique_ptr<Link>& link) {
    return !link->touched && (link->connection.ended() || link->connection.streams() == 0);
  });
  for (std::unique_ptr<Link>& link : links_) {
    if (link->connection.may_submit()) continue;
    absl::StatusOr<uds::UniqueFd> fd = plan_.target.Connect(absl::ZeroDuration());
    if (!fd.ok()) return;
    std::unique_ptr<Link> fresh = Open(*std::move(fd));
    if (fresh == nullptr) return;
    old_.push_back(std::exchange(link, std::move(fresh)));
  }
}

void Connections::Touch(Link* link) {
  if (!std::exchange(link->touched, true)) touched_.push_back(link);
}

void Connections::Flush() {
  for (Link* const link : touched_) {
    link->touched = false;
    link->connection.Flush();
    Watch(link);
  }
  touched_.clear();
}

void Connections::Watch(Link* link) {
  if (link->connection.ended()) return;  // its descriptor is closed
  const uint32_t wanted = EPOLLIN | (link->connection.is_full() ? EPOLLOUT : 0U);
  if (std::exchange(link->watched_for, wanted) == wanted) return;
  epoll_event event = {.events = wanted, .data = {.ptr = link}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, link->connection.fd(), &event);
}

int Connections::WaitForEvents(std::chrono::milliseconds most) {
  const int count = epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                               static_cast<int>(most.count()));
  return std::max(count, 0);  // a signal: as if nothing had come
}

}  // namespace udsecho::client
