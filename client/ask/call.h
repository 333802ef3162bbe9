// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One unary call, and where its answer goes: what all of ask.h do.
//
//   const grpc::Status status =
//       Call(asking, "udsecho.v1.Echo/WhoAmI", &response, [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
//         return stub->PrepareAsyncWhoAmI(context, request, queue);
//       });
//
// Thread safety: none.

#ifndef CLIENT_ASK_CALL_H_
#define CLIENT_ASK_CALL_H_

#include "absl/strings/string_view.h"
#include "client/ask/ask.h"
#include "client/call_context.h"
#include "client/call_end.h"
#include "client/json.h"
#include "client/sending.h"
#include "client/timed_queue.h"

namespace udsecho::client {

// Within the timeout, or until Ctrl-C.
template <class Response, class Prepare>
grpc::Status Call(const Asking& asking, absl::string_view method, Response* response,
                  const Prepare& prepare) {
  const absl::Duration timeout = asking.options->call.timeout;
  TellCall({method, asking.connection->client().authority(), timeout}, asking.options->call,
           asking.progress);
  const MonotonicTime begin = MonotonicNow();
  grpc::ClientContext context;
  SetUp(asking.options->call, &context);
  context.set_deadline(DeadlineAfter(timeout));
  TimedQueue queue(&context);
  const InterruptedBy scope(asking.interrupt, &context);
  const grpc::Status status =
      FinishWithin(timeout, prepare(&context, queue.queue()), &queue, response);
  TellEnd({.status = status, .context = context, .took = MonotonicNow() - begin}, asking.progress);
  return status;
}

// How it ends when the call failed.
inline Outcome Failed(const Asking& asking, absl::string_view method, const grpc::Status& status) {
  if (asking.interrupt->triggered()) return Interrupted();
  return CallOutcome(method, asking.address, status);
}

inline Outcome Print(const Asking& asking, absl::string_view text) {
  absl::Status status = asking.output->AddLine(text);
  status.Update(asking.output->Flush());
  return status.ok() ? Outcome{} : OutputError(status);
}

// `text` for people, or `message` as JSON.
template <class Text>
Outcome PrintAnswer(const Asking& asking, const google::protobuf::Message& message,
                    const Text& text) {
  const bool json = asking.options->format == Format::kJson;
  return Print(asking, json ? JsonLine(MessageJson(message)) : text());
}

}  // namespace udsecho::client

#endif  // CLIENT_ASK_CALL_H_
