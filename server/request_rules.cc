// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/request_rules.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/fault.h"
#include "server/proto_time.h"

namespace udsecho {
namespace {

// As echo.proto says.
constexpr absl::Duration kLongestWait = absl::Hours(1);
constexpr int kMostResponses = 1'000'000;

absl::StatusOr<absl::Duration> Wait(absl::string_view field,
                                    const google::protobuf::Duration& duration) {
  return DurationWithin(field, duration, kLongestWait);
}

template <class Request>
absl::Status CheckDelayAndFault(const Request& request) {
  absl::Status status = Wait("delay", request.delay()).status();
  if (status.ok() && request.has_fault()) status = Check(request.fault());
  return status;
}

absl::Status CheckCountAndInterval(const v1::ExpandRequest& request) {
  if (request.count() < 0 || request.count() > kMostResponses) {
    return absl::InvalidArgumentError("count must be from 0 to 1000000");
  }
  return Wait("interval", request.interval()).status();
}

}  // namespace

absl::Status Check(const v1::EchoRequest& request, Answers answers) {
  absl::Status status = CheckDelayAndFault(request);
  if (status.ok() && answers == Answers::kOne && request.fault().after_messages() != 0) {
    status = absl::InvalidArgumentError(
        "fault.after_messages must be 0 where there is one answer; Chat, Collect and Expand take "
        "others");
  }
  return status;
}

absl::Status Check(const v1::ExpandRequest& request) {
  absl::Status status = CheckDelayAndFault(request);
  if (status.ok()) status = CheckCountAndInterval(request);
  return status;
}

absl::Duration DelayOf(const v1::EchoRequest& request) { return *Wait("delay", request.delay()); }

absl::Duration DelayOf(const v1::ExpandRequest& request) { return *Wait("delay", request.delay()); }

absl::Duration IntervalOf(const v1::ExpandRequest& request) {
  return *Wait("interval", request.interval());
}

}  // namespace udsecho
