// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/awaited_source.h"

#include <memory>

namespace udsecho::client {

AwaitedSource::AwaitedSource(MessageSource* source, Interrupt* interrupt)
    : source_(*source), interrupt_(*interrupt) {
  source_.Start([bell = bell_] {
    const std::lock_guard<std::mutex> lock(bell->mutex);
    bell->ready = true;
    bell->changed.notify_all();
  });
}

std::optional<absl::string_view> AwaitedSource::Await() {
  while (true) {
    if (const std::optional<absl::string_view> message = source_.Next()) return message;
    if (source_.ended()) return std::nullopt;
    {
      const Interrupt::Scope scope(&interrupt_, [bell = bell_] {
        const std::lock_guard<std::mutex> lock(bell->mutex);
        bell->interrupted = true;
        bell->changed.notify_all();
      });
      std::unique_lock<std::mutex> lock(bell_->mutex);
      bell_->changed.wait(lock, [this] { return bell_->ready || bell_->interrupted; });
      if (bell_->interrupted) return std::nullopt;
      bell_->ready = false;
    }
    source_.Wake();
  }
}

}  // namespace udsecho::client
