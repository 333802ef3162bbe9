// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "systemd/notifier.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"

namespace systemd {
namespace {

constexpr std::chrono::seconds kExitWait(1);

// What is still to be told.
struct Pending {
  std::optional<std::int64_t> reloading = std::nullopt;  // since when, in microseconds
  bool ready = false;
  bool stopping = false;
  std::optional<pid_t> main_process = std::nullopt;
  bool still_alive = false;
  std::optional<std::string> status = std::nullopt;
  std::optional<absl::Duration> more_time = std::nullopt;

  // As sd_notify(3) wants it; empty when there is nothing.
  std::string Message() const {
    std::string message;
    if (reloading.has_value()) {
      absl::StrAppend(&message, "RELOADING=1\nMONOTONIC_USEC=", *reloading, "\n");
    }
    if (ready) absl::StrAppend(&message, "READY=1\n");
    if (stopping) absl::StrAppend(&message, "STOPPING=1\n");
    if (main_process.has_value()) absl::StrAppend(&message, "MAINPID=", *main_process, "\n");
    if (status.has_value()) absl::StrAppend(&message, "STATUS=", *status, "\n");
    if (still_alive) absl::StrAppend(&message, "WATCHDOG=1\n");
    if (more_time.has_value()) {
      absl::StrAppend(&message, "EXTEND_TIMEOUT_USEC=", absl::ToInt64Microseconds(*more_time),
                      "\n");
    }
    return message;
  }
};

}  // namespace

// Held by the thread too, as it may outlive the notifier.
struct Notifier::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  Pending pending;  // guarded by mutex, as all below
  bool ending = false;
  bool ended = false;
  std::function<void(const absl::Status&)> on_failure;

  void Run() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return ending || !pending.Message().empty(); });
      const std::string message = std::exchange(pending, {}).Message();
      if (message.empty()) break;
      lock.unlock();
      const int result = sd_notify(/*unset_environment=*/0, message.c_str());
      lock.lock();
      // Under the lock: once the notifier is gone, so may be what this would call.
      if (result < 0 && on_failure != nullptr && !ending) {
        std::exchange(on_failure, nullptr)(absl::ErrnoToStatus(
            -result,
            "the service manager cannot be told what goes on here, through $NOTIFY_SOCKET"));
      }
    }
    ended = true;
    changed.notify_all();
  }
};

Notifier::Notifier(std::function<void(const absl::Status&)> on_failure)
    : shared_(std::make_shared<Shared>()) {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  if (socket == nullptr || *socket == '\0') return;
  shared_->on_failure = std::move(on_failure);
  thread_ = std::thread([shared = shared_] { shared->Run(); });
}

Notifier::~Notifier() {
  if (!enabled()) return;
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->ending = true;
  shared_->changed.notify_all();
  const bool ended = shared_->changed.wait_for(lock, kExitWait, [this] { return shared_->ended; });
  lock.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

std::optional<absl::Duration> Notifier::watchdog() const {
  std::uint64_t microseconds = 0;
  if (!enabled() || sd_watchdog_enabled(/*unset_environment=*/0, &microseconds) <= 0) {
    return std::nullopt;
  }
  return absl::Microseconds(microseconds);
}

template <typename Change>
void Notifier::Tell(Change change) {
  if (!enabled()) return;
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  change(&shared_->pending);
  shared_->changed.notify_all();
}

void Notifier::Ready() {
  Tell([](Pending* pending) { pending->ready = true; });
}

void Notifier::Reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = now.tv_sec * std::int64_t{1'000'000} + now.tv_nsec / 1000;
  Tell([microseconds](Pending* pending) {
    pending->reloading = microseconds;
    pending->ready = false;
  });
}

void Notifier::Stopping() {
  Tell([](Pending* pending) { pending->stopping = true; });
}

void Notifier::MainProcess(pid_t pid) {
  Tell([pid](Pending* pending) { pending->main_process = pid; });
}

void Notifier::Status(std::string text) {
  Tell([&text](Pending* pending) { pending->status = std::move(text); });
}

void Notifier::StillAlive() {
  Tell([](Pending* pending) { pending->still_alive = true; });
}

void Notifier::MoreTime(absl::Duration duration) {
  Tell([duration](Pending* pending) { pending->more_time = duration; });
}

}  // namespace systemd
