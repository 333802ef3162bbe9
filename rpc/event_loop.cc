// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rpc {
namespace {

std::int64_t Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::ToInt64Nanoseconds(absl::DurationFromTimespec(now));
}

absl::Status Exhausted(int error) {
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot watch another descriptor: ", absl::ErrnoToStatus(error, "").message(),
                   "; raise `ulimit -n` or fs.epoll.max_user_watches"));
}

epoll_event EventFor(int fd, std::uint32_t generation, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(fd);
  return event;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create() {
  uds::UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return Exhausted(errno);
  uds::UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return Exhausted(errno);
  const int wake_fd = wake.get();
  auto loop = std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(wake)));
  auto* self = loop.get();
  absl::Status watched = loop->Watch(wake_fd, EPOLLIN, [self] { self->RunPosted(); });
  if (!watched.ok()) return watched;
  return loop;
}

absl::Status EventLoop::Watch(int fd, std::uint32_t events, Callback callback) {
  const std::uint32_t generation = ++generation_;
  epoll_event event = EventFor(fd, generation, events);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return Exhausted(errno);
  watched_[fd] = {generation, std::make_shared<Callback>(std::move(callback))};
  return absl::OkStatus();
}

void EventLoop::Unwatch(int fd) {
  if (watched_.erase(fd) > 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::Change(int fd, std::uint32_t events) {
  epoll_event event = EventFor(fd, watched_.at(fd).generation, events);
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);  // cannot fail for what is watched
}

void EventLoop::After(absl::Duration delay, Callback callback) {
  constexpr absl::Duration kNever = absl::Hours(24 * 365 * 100);  // and no overflow
  timers_.emplace(Now() + absl::ToInt64Nanoseconds(std::min(delay, kNever)), std::move(callback));
}

void EventLoop::Post(Callback callback) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    posted_.push_back(std::move(callback));
  }
  // Fails only if the counter is at its top, and then the loop is awake anyway.
  eventfd_write(wake_.get(), 1);
}

void EventLoop::Run() {
  quit_ = false;
  std::array<epoll_event, 64> events;
  while (!quit_) {
    const int count =
        epoll_wait(epoll_.get(), events.data(), events.size(), MillisecondsToNextTimer());
    for (int i = 0; i < count && !quit_; ++i) {
      const auto fd = static_cast<int>(static_cast<std::uint32_t>(events[i].data.u64));
      const auto found = watched_.find(fd);
      if (found == watched_.end() || found->second.generation != events[i].data.u64 >> 32) continue;
      const auto callback = found->second.callback;  // it may unwatch itself
      events_ = events[i].events;
      (*callback)();
    }
    RunTimers();
  }
}

int EventLoop::MillisecondsToNextTimer() const {
  if (timers_.empty()) return -1;
  const std::int64_t wait = timers_.begin()->first - Now();
  if (wait <= 0) return 0;
  // Rounded up: woken early, the loop would spin until the timer is due.
  return static_cast<int>(
      std::min<std::int64_t>((wait + 999'999) / 1'000'000, std::numeric_limits<int>::max()));
}

void EventLoop::RunTimers() {
  const std::int64_t now = Now();
  while (!quit_ && !timers_.empty() && timers_.begin()->first <= now) {
    const auto timer = timers_.extract(timers_.begin());
    timer.mapped()();
  }
}

void EventLoop::RunPosted() {
  eventfd_t count = 0;
  eventfd_read(wake_.get(), &count);
  std::vector<Callback> posted;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    posted.swap(posted_);
  }
  for (const auto& callback : posted) callback();
}

}  // namespace rpc
