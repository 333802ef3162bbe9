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
//
// Thread safety: as that of what it refers to; one way of sending at a time.
// Ownership: borrows everything.

#ifndef CLIENT_SENDING_H_
#define CLIENT_SENDING_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/echo_client.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/message_source.h"
#include "client/options.h"
#include "client/replies.h"
#include "client/requests.h"

namespace udsecho::client {

struct Sending {
  EchoClient* client;
  std::string address;  // for error messages
  const Options* options;
  const Requests* requests;
  MessageSource* source;
  Replies* replies;
  Interrupt* interrupt;

  // Connects again; ping does, once the connection is lost.
  std::function<absl::StatusOr<std::unique_ptr<EchoClient>>()> reconnect;
};

// `status` is not OK and comes from Replies or Output.
inline Outcome OutputError(const absl::Status& status) {
  return LocalIoError(absl::StrCat("standard output: ", status.message()));
}

}  // namespace udsecho::client

#endif  // CLIENT_SENDING_H_
