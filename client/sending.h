// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the four ways of sending (unary.h, expand.h, collect.h, chat.h) work with.
//
// How each of them ends:
//   - the messages end, and all is answered and printed.
//   - a message cannot be had (MessageSource::outcome): the same, for those before it.
//   - a call fails: at once. By its status.
//   - the output cannot be written: at once; exit code 1.
//   - Ctrl-C: at once; exit code 130.
// With Sending::tell, which is for a prompt, a call that fails is told and does not end it.
//
// Thread safety: as that of what it refers to; one way of sending at a time.
// Ownership: borrows everything.

#ifndef CLIENT_SENDING_H_
#define CLIENT_SENDING_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/connection.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/message_source.h"
#include "client/options.h"
#include "client/replies.h"
#include "client/requests.h"
#include "client/retry/attempts.h"
#include "client/tell.h"

namespace udsecho::client {

struct Sending {
  Connection* connection;
  std::string address;  // for error messages
  const Options* options;
  const Requests* requests;
  MessageSource* source;
  Replies* replies;
  Interrupt* interrupt;

  // What somebody at a prompt should know, one line each; else not set. If it is, unary and expand go
  // on when a call has failed.
  Tell tell = {};

  // At a prompt: how many messages were answered or have failed. Else null.
  std::atomic<int64_t>* ended = nullptr;
  void CountEnd() const {
    if (ended != nullptr) ++*ended;
  }
};

// Before each call. At a prompt and for a ping, connects again if the connection is lost; else the
// call will tell. The errors of Connection::Ready(); at a prompt, what --json says of it is printed.
inline absl::Status EnsureConnection(const Sending& sending) {
  if (!sending.tell && sending.replies->statistics() == nullptr) return absl::OkStatus();
  const bool lost = sending.connection->IsLost();
  absl::Status status = sending.connection->Ready();
  if (lost && status.ok() && sending.tell) {
    sending.tell("connected again");
  }
  if (!status.ok() && sending.tell) {
    // If it cannot be written, the prompt is over, and notices by itself.
    static_cast<void>(sending.replies->NotBegun(WithoutConnection(status)));
    static_cast<void>(sending.replies->Flush());
  }
  return status;
}

// For Statistics: null if no call is sent again.
inline std::function<int64_t()> SentAgain(const CallOptions& options) {
  if (options.attempts == nullptr) return nullptr;
  return [attempts = options.attempts] { return attempts->sent_again(); };
}

// `status` is not OK and comes from Replies or Output.
inline Outcome OutputError(const absl::Status& status) { return LocalIoError(status.message()); }

}  // namespace udsecho::client

#endif  // CLIENT_SENDING_H_
