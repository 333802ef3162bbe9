// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What goes into calls and what becomes of their answers, for calls that know of bytes alone
// (unary_calls.h, stream_call.h).
//
// Thread safety: none.

#ifndef CLIENT_CALL_TRAFFIC_H_
#define CLIENT_CALL_TRAFFIC_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/replies.h"

namespace udsecho::client {

// A reply as it came.
struct RawReply {
  const std::string& bytes;
  absl::Duration took;
  int64_t sequence = 0;  // of its request, from 1; of a stream's replies its own
};

class Traffic {
 public:
  virtual ~Traffic() = default;

  // A message as it travels. INVALID_ARGUMENT: why there is none of this text.
  virtual absl::StatusOr<std::string> Request(absl::string_view text) = 0;

  // Show one reply of a stream, then its end; or a whole call, whose reply is null if it failed.
  // DATA_LOSS if a reply is not what it should be, and the errors of writing.
  virtual absl::Status Reply(const RawReply& reply) = 0;
  virtual absl::Status End(const CallEnd& end) = 0;
  virtual absl::Status Whole(const RawReply* reply, const CallEnd& end) = 0;

  // To be called when nothing may be waiting behind what was shown.
  virtual absl::Status Flush() = 0;
  virtual bool empty() const = 0;
};

}  // namespace udsecho::client

#endif  // CLIENT_CALL_TRAFFIC_H_
