// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/heartbeat.h"

#include <utility>

namespace rpc {

void Heartbeat::Begin(std::function<bool()> goes_on) {
  goes_on_ = std::move(goes_on);
  if (!std::exchange(beating_, true)) Beat();
}

void Heartbeat::Beat() {
  if (!goes_on_()) {
    beating_ = false;
    return;
  }
  if (answered_->exchange(false)) {
    missed_ = 0;
    ask_([answered = answered_] { *answered = true; });
  } else {
    held_up_(++missed_);
  }
  loop_->After(kBeat, [this] { Beat(); });
}

}  // namespace rpc
