// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A MessageSource whose next message can be waited for.
//
//   AwaitedSource source(sending.source, sending.interrupt);
//   while (std::optional<absl::string_view> message = source.Await()) Send(*message);
//
// Thread safety: none. It takes the interrupt's Scope while it waits.

#ifndef CLIENT_AWAITED_SOURCE_H_
#define CLIENT_AWAITED_SOURCE_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/strings/string_view.h"
#include "client/interrupt.h"
#include "client/message_source.h"

namespace udsecho::client {

class AwaitedSource {
 public:
  // Starts the source. Both must outlive it.
  AwaitedSource(MessageSource* source, Interrupt* interrupt);

  // Waits for the next message. Nothing at the end, and on Ctrl-C.
  std::optional<absl::string_view> Await();

  // Whether Await() would not wait.
  bool HasNext() { return source_.HasNext(); }

 private:
  MessageSource& source_;
  Interrupt& interrupt_;
  // Shared with the source's thread, which may be about to call when this goes away.
  struct Bell {
    std::mutex mutex;
    std::condition_variable changed;
    bool ready = false;
    bool interrupted = false;
  };
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
};

}  // namespace udsecho::client

#endif  // CLIENT_AWAITED_SOURCE_H_
