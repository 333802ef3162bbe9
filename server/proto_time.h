// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Times and durations as messages carry them.
//
//   const absl::StatusOr<absl::Duration> delay =
//       DurationWithin("delay", request.delay(), absl::Hours(1));
//   *response.mutable_connected_at() = ToProto(connection.since);
//
// Thread safety: pure functions.

#ifndef SERVER_PROTO_TIME_H_
#define SERVER_PROTO_TIME_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace udsecho {

google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);

// INVALID_ARGUMENT, naming `field`, if `duration` is below 0, above `longest`, or no valid
// Duration.
absl::StatusOr<absl::Duration> DurationWithin(absl::string_view field,
                                              const google::protobuf::Duration& duration,
                                              absl::Duration longest);

}  // namespace udsecho

#endif  // SERVER_PROTO_TIME_H_
