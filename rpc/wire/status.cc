// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/wire/status.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_format.h"
#include "rpc/wire/metadata.h"
#include "rpc/wire/rich_status.pb.h"

namespace rpc {
namespace {

constexpr char kRichStatus[] = "type.googleapis.com/google.rpc.Status";

std::string RichStatusOf(const absl::Status& status) {
  if (const auto whole = status.GetPayload(kRichStatus); whole.has_value()) {
    return std::string(*whole);
  }
  std::map<std::string, absl::Cord> payloads;
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    payloads.emplace(type_url, payload);
  });
  if (payloads.empty()) return {};
  wire::RichStatus rich;
  rich.set_code(status.raw_code());
  rich.set_message(std::string(status.message()));
  for (const auto& [type_url, payload] : payloads) {
    google::protobuf::Any* const detail = rich.add_details();
    detail->set_type_url(type_url);
    detail->set_value(std::string(payload));
  }
  return rich.SerializeAsString();
}

}  // namespace

absl::Status WithDetails(absl::Status status, absl::Span<const google::protobuf::Any> details) {
  wire::RichStatus rich;
  rich.set_code(status.raw_code());
  rich.set_message(std::string(status.message()));
  for (const google::protobuf::Any& detail : details) *rich.add_details() = detail;
  status.SetPayload(kRichStatus, absl::Cord(rich.SerializeAsString()));
  return status;
}

namespace wire {

std::string PercentEncode(absl::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

StatusFields::StatusFields(const absl::Status& status) {
  static constexpr std::array<absl::string_view, 17> kCodes = {
      "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"};
  constexpr std::size_t kUnknown = 2;
  const auto code = static_cast<std::size_t>(status.raw_code());
  code_ = kCodes[code < kCodes.size() ? code : kUnknown];
  if (status.ok()) return;
  message_ = PercentEncode(status.message());
  details_ = EncodeBinary(RichStatusOf(status));
}

void StatusFields::AddTo(std::vector<http2::Field>* fields) const {
  fields->push_back({.name = "grpc-status", .value = code_, .is_constant = true});
  if (!message_.empty()) fields->push_back({.name = "grpc-message", .value = message_});
  if (!details_.empty()) fields->push_back({.name = "grpc-status-details-bin", .value = details_});
}

}  // namespace wire
}  // namespace rpc
