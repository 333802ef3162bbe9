// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How replies are shown: as lines, as ping shows them, or as JSON.
//
//   Replies replies({.text = &output, .progress = &progress});
//   replies.Add({.message = response.message(), .payload = response.payload(), .took = took});
//   replies.End({.status = status, .context = context, .took = took});
//
// Thread safety: none. Ownership: borrows all it is given.

#ifndef CLIENT_REPLIES_H_
#define CLIENT_REPLIES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/call_end.h"
#include "client/options.h"
#include "client/output.h"
#include "client/statistics.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho::client {

struct Reply {
  const std::string& message;
  const std::string& payload;
  absl::Duration took;
  int64_t sequence = 0;                            // of its request, from 1
  const v1::CollectResponse* collected = nullptr;  // if that is what it was
};

struct ReplyTargets {
  Output* text;
  Progress* progress;
  Output* payloads = nullptr;        // where to write payloads; may be `text`
  Statistics* statistics = nullptr;  // if so, replies are shown as ping does
  Format format = Format::kText;
  bool is_terminal = false;  // no reply moves the cursor there
  std::string where;         // the server's name
};

class Replies {
 public:
  explicit Replies(ReplyTargets targets) : to_(std::move(targets)) {}

  // The errors of writing (Output::AddLine).
  //
  // One reply of a stream, then its end; or a whole call, whose reply is null if it failed.
  absl::Status Add(const Reply& reply);
  absl::Status End(const CallEnd& end);
  absl::Status Whole(const Reply* reply, const CallEnd& end);

  // A message that was never answered, and not for what its own call said: there was no connection, or
  // the stream that carried it has ended. Shown only if there are statistics.
  absl::Status Lost(int64_t sequence, const grpc::Status& status, absl::Duration took);

  // A call that was not begun, as there was no connection. Shown as JSON alone; in text an error says it.
  absl::Status NotBegun(const grpc::Status& status);

  // What comes last: the statistics, if there are any.
  absl::Status Summary();

  // To be called when nothing may be waiting behind what was added.
  absl::Status Flush();
  bool empty() const { return to_.text->empty(); }

  Statistics* statistics() const { return to_.statistics; }

 private:
  absl::Status AddText(const Reply& reply);
  // The sequence of what it is about; 0 for the end of a stream.
  absl::Status AddJson(int64_t sequence, const Reply* reply, const CallEnd* end);
  std::string PingLine(const Reply& reply) const;
  std::string LossLine(int64_t sequence, const grpc::Status& status) const;

  const ReplyTargets to_;
};

}  // namespace udsecho::client

#endif  // CLIENT_REPLIES_H_
