// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/outgoing/call_out.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "google/protobuf/any.pb.h"
#include "grpc/support/time.h"
#include "rpc/wire/rich_status.pb.h"
#include "rpc/wire/status.h"

namespace rpc {

void PassOn(const Call& call, grpc::ClientContext* context) {
  const absl::Duration left = call.time_left();
  if (left != absl::InfiniteDuration()) {
    // By the monotonic clock: a step of the wall clock changes nothing.
    context->set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_nanos(absl::ToInt64Nanoseconds(left), GPR_TIMESPAN)));
  }
  for (const absl::string_view key : kPassedOn) {
    for (const absl::string_view value : call.MetadataValues(key)) {
      context->AddMetadata(std::string(key), std::string(value));
    }
  }
}

absl::Status StatusOf(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status same(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  wire::RichStatus rich;
  if (!rich.ParseFromString(status.error_details())) return same;
  const std::vector<google::protobuf::Any> details(rich.details().begin(), rich.details().end());
  return WithDetails(std::move(same), details);
}

}  // namespace rpc
