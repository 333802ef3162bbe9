// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/loop.h"

#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"

namespace http2 {
namespace {

absl::Status CannotWatch(int error) {
  absl::Status status = absl::ErrnoToStatus(error, "cannot watch the descriptor");
  if (!absl::IsResourceExhausted(status)) return status;
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot watch another descriptor: ", absl::ErrnoToStatus(error, "").message(),
                   "; raise `ulimit -n` or fs.epoll.max_user_watches"));
}

}  // namespace

// Other threads wake the loop by this.
class Loop::Wake final : public Watcher {
 public:
  explicit Wake(Loop* loop) : loop_(loop) {}
  void Ready(std::uint32_t /*events*/) override {
    eventfd_t count = 0;
    eventfd_read(loop_->wake_fd_.get(), &count);
    loop_->RunPosted();
  }

 private:
  Loop* const loop_;
};

// Its descriptor wakes whoever polls the loop's; what is due, the round finds by itself.
class Loop::Alarm final : public Watcher {
 public:
  void Ready(std::uint32_t /*events*/) override {}
};

Loop::Loop(uds::UniqueFd epoll, uds::UniqueFd wake, const LoopOptions& options)
    : epoll_(std::move(epoll)),
      wake_fd_(std::move(wake)),
      clock_(*options.clock),
      wake_(std::make_unique<Wake>(this)),
      busy_poll_(options.busy_poll),
      now_(clock_.Now()),
      lap_began_(now_) {}

Loop::~Loop() = default;

absl::StatusOr<std::unique_ptr<Loop>> Loop::Create(const LoopOptions& options) {
  uds::UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return CannotWatch(errno);
  uds::UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return CannotWatch(errno);
  const int wake_fd = wake.get();
  auto loop = std::unique_ptr<Loop>(new Loop(std::move(epoll), std::move(wake), options));
  absl::Status watched = loop->Watch(wake_fd, EPOLLIN, loop->wake_.get());
  if (!watched.ok()) return watched;
  return loop;
}

absl::Status Loop::Watch(int fd, std::uint32_t events, Watcher* watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = watcher;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return CannotWatch(errno);
  watcher->watched_ = true;
  return absl::OkStatus();
}

void Loop::Change(int fd, std::uint32_t events, Watcher* watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = watcher;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);  // cannot fail for what is watched
}

void Loop::Unwatch(int fd, Watcher* watcher) {
  if (std::exchange(watcher->watched_, false)) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
}

void Loop::Again(Watcher* watcher) {
  if (!std::exchange(watcher->again_, true)) again_.push_back(watcher);
}

void Loop::AtRoundEnd(Watcher* watcher) {
  if (!std::exchange(watcher->at_round_end_, true)) round_ends_.push_back(watcher);
}

void Loop::Bury(std::unique_ptr<Watcher> watcher) {
  watcher->buried_ = true;
  buried_.push_back(std::move(watcher));
}

void Loop::After(absl::Duration delay, Work work) {
  const auto self = delayed_.insert(delayed_.begin(), nullptr);
  *self = std::make_unique<Timer>([this, self, work = std::move(work)] {
    delayed_.erase(self);
    work();
  });
  timers_.Set(self->get(), clock_.Now() + ToNanoseconds(delay));
}

void Loop::Post(Work work) {
  bool wake = false;
  {
    const MutexLock lock(&mutex_);
    wake = posted_.empty();
    posted_.push_back(std::move(work));
  }
  // Fails only if the counter is at its top, and then the loop is awake anyway.
  if (wake) eventfd_write(wake_fd_.get(), 1);
}

void Loop::Run() {
  quit_ = false;
  while (!quit_) Turn(absl::InfiniteDuration());
}

void Loop::Turn(absl::Duration longest) {
  const bool may_wait = again_.empty() && round_ends_.empty();
  const int count = Wait(may_wait ? MillisecondsToWait(longest) : 0);
  now_ = clock_.Now();
  lap_began_ = now_;
  ++round_;
  RunAgain();
  for (int i = 0; i < count; ++i) {
    auto* const watcher = static_cast<Watcher*>(events_[i].data.ptr);
    if (watcher->watched_ && !watcher->buried_) watcher->Ready(events_[i].events);
  }
  timers_.Expire(now_);
  EndRound();
  if (alarm_.valid()) SetAlarm();
}

absl::StatusOr<int> Loop::PollFd() {
  if (alarm_.valid()) return epoll_.get();
  uds::UniqueFd alarm(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!alarm.valid()) return CannotWatch(errno);
  alarm_watcher_ = std::make_unique<Alarm>();
  if (absl::Status watched = Watch(alarm.get(), EPOLLIN, alarm_watcher_.get()); !watched.ok()) {
    return watched;
  }
  alarm_ = std::move(alarm);
  SetAlarm();
  return epoll_.get();
}

void Loop::SetAlarm() {
  const bool at_once = !again_.empty() || !round_ends_.empty();
  Nanoseconds wait = 0;  // for ever
  if (at_once) {
    wait = 1;
  } else if (const auto next = timers_.next(); next.has_value()) {
    wait = std::max<Nanoseconds>(*next - clock_.Now(), 1);
  }
  constexpr Nanoseconds kSecond = 1'000'000'000;
  const itimerspec when = {.it_interval = {},
                           .it_value = {.tv_sec = wait / kSecond, .tv_nsec = wait % kSecond}};
  timerfd_settime(alarm_.get(), 0, &when, nullptr);  // which also ends that it is readable
}

int Loop::Poll(int milliseconds) {
  return std::max(
      0, epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), milliseconds));
}

int Loop::Wait(int milliseconds) {
  if (milliseconds == 0) return Poll(0);
  const auto now = std::chrono::steady_clock::now();
  if (!busy_poll_.IsWorthIt(now)) return Poll(milliseconds);
  int count = 0;
  const auto end = now + busy_poll_.length();
  auto at = now;
  while (count == 0 && at < end) {
    count = Poll(0);
    at = std::chrono::steady_clock::now();
  }
  busy_poll_.Ended(at, count > 0);
  return count > 0 ? count : Poll(milliseconds);
}

int Loop::MillisecondsToWait(absl::Duration longest) const {
  Nanoseconds wait = ToNanoseconds(longest);
  if (const auto next = timers_.next(); next.has_value()) {
    wait = std::min(wait, *next - clock_.Now());
  } else if (longest == absl::InfiniteDuration()) {
    return -1;
  }
  // Rounded up: woken early, the loop would spin until the timer is due.
  constexpr Nanoseconds kMillisecond = 1'000'000;
  return static_cast<int>(std::clamp<Nanoseconds>((wait + kMillisecond - 1) / kMillisecond, 0,
                                                  std::numeric_limits<int>::max()));
}

void Loop::RunAgain() {
  std::vector<Watcher*> now;
  now.swap(again_);
  for (Watcher* watcher : now) {
    watcher->again_ = false;
    if (!watcher->buried_) watcher->Ready(0);
  }
}

void Loop::RunPosted() {
  std::vector<Work> posted;
  {
    const MutexLock lock(&mutex_);
    posted.swap(posted_);
  }
  for (const Work& work : posted) work();
}

void Loop::EndRound() {
  // NOLINTNEXTLINE(modernize-loop-convert): some may come meanwhile
  for (std::size_t i = 0; i < round_ends_.size(); ++i) {
    Watcher* const watcher = round_ends_[i];
    watcher->at_round_end_ = false;
    if (!watcher->buried_) watcher->RoundEnds();
  }
  round_ends_.clear();
  if (buried_.empty()) return;
  std::erase_if(again_, [](const Watcher* watcher) { return watcher->buried_; });
  std::vector<std::unique_ptr<Watcher>> buried;
  buried.swap(buried_);
}

}  // namespace http2
