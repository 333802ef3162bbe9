// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How a call's status is sent: grpc-status, grpc-message and grpc-status-details-bin.
//
//   absl::Status status = rpc::WithDetails(absl::NotFoundError("no such row"), {packed_any});
//   wire::StatusFields fields(status);
//   fields.AddTo(&trailers);
//
// The codes of absl::Status are gRPC's, with the same numbers (absl/status/status.h). Details are
// what gRPC's libraries call rich errors: a google.rpc.Status besides the plain one.
//
// Thread safety: values. Ownership: StatusFields owns the bytes of the fields that it adds.

#ifndef RPC_WIRE_STATUS_H_
#define RPC_WIRE_STATUS_H_

#include <array>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/any.pb.h"
#include "http2/exchange.h"

namespace rpc {

// Returns `status`, which must not be OK, with these details, in this order. (An absl::Status by
// itself keeps one payload of a type, in no order. Payloads that were set in another way are sent
// too, sorted by their type URLs.)
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

// Printable ASCII stays; all else, '%', and a space at either end become %XX.
std::string PercentEncode(absl::string_view text);
// What is not %XX stays, as the specification wants it.
std::string PercentDecode(absl::string_view text);

// The header that every response of gRPC's begins with.
inline constexpr std::array<http2::Field, 2> kResponseHeader = {
    http2::Field{.name = ":status", .value = "200", .is_constant = true},
    http2::Field{.name = "content-type", .value = "application/grpc", .is_constant = true}};

}  // namespace wire
}  // namespace rpc

#endif  // RPC_WIRE_STATUS_H_
