// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How a call's status is sent: grpc-status, grpc-message and grpc-status-details-bin.
//
//   absl::Status status = rpc::WithDetails(absl::NotFoundError("no such row"), {packed_any});
//   wire::StatusFields fields(status);
//   fields.AddTo(&trailers);
//
// absl took its codes from gRPC, numbers and all (absl/status/status.h). Details are what gRPC's
// libraries call rich errors: a google.rpc.Status beside the plain one.
//
// Thread safety: values. Ownership: StatusFields owns what the fields that it adds point to.

#ifndef RPC_WIRE_STATUS_H_
#define RPC_WIRE_STATUS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/any.pb.h"
#include "http2/exchange.h"

namespace rpc {

// `status`, which is not OK, with these details, in this order. (An absl::Status by itself keeps
// one payload of a type, in no order. Payloads that were set otherwise are sent too, by the order
// of their type URLs.)
absl::Status WithDetails(absl::Status status, absl::Span<const google::protobuf::Any> details);

namespace wire {

class StatusFields {
 public:
  explicit StatusFields(const absl::Status& status);

  void AddTo(std::vector<http2::Field>* fields) const;

 private:
  absl::string_view code_;
  std::string message_;  // percent-encoded
  std::string details_;  // base64
};

// Printable ASCII, with all else, '%' and a space at either end as %XX.
std::string PercentEncode(absl::string_view text);

}  // namespace wire
}  // namespace rpc

#endif  // RPC_WIRE_STATUS_H_
