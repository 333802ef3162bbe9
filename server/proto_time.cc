// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/proto_time.h"

#include "absl/strings/str_cat.h"

namespace udsecho {
namespace {

template <class Message>
Message Split(absl::Duration since_zero) {
  absl::Duration rest;
  Message message;
  message.set_seconds(absl::IDivDuration(since_zero, absl::Seconds(1), &rest));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return message;
}

}  // namespace

google::protobuf::Timestamp ToProto(absl::Time time) {
  return Split<google::protobuf::Timestamp>(time - absl::UnixEpoch());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  return Split<google::protobuf::Duration>(duration);
}

absl::StatusOr<absl::Duration> DurationWithin(absl::string_view field,
                                              const google::protobuf::Duration& duration,
                                              absl::Duration longest) {
  const absl::Duration value =
      absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
  const bool valid =
      duration.seconds() >= 0 && duration.nanos() >= 0 && duration.nanos() < 1'000'000'000;
  if (valid && value <= longest) return value;
  return absl::InvalidArgumentError(absl::StrCat(field, " must be from 0 to ",
                                                 absl::ToInt64Seconds(longest),
                                                 " s, its nanos from 0 and below 1e9"));
}

}  // namespace udsecho
