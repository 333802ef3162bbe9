// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/wire/status.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/stubs/common.h"
#include "rpc/wire/metadata.h"
#include "rpc/wire/rich_status.pb.h"

namespace rpc {
namespace {

constexpr char kRichStatus[] = "type.googleapis.com/google.rpc.Status";

// Codes that gRPC does not know are UNKNOWN.
std::size_t CodeToSend(const absl::Status& status) {
  constexpr std::size_t kCodes = 17;
  const auto code = static_cast<std::size_t>(status.raw_code());
  return code < kCodes ? code : static_cast<std::size_t>(absl::StatusCode::kUnknown);
}

// Clients refuse details with a text that is not UTF-8, and protobuf complains on standard error.
std::string ToUtf8(absl::string_view text) {
  std::string utf8(text);
  if (google::protobuf::internal::IsStructurallyValidUTF8(utf8)) return utf8;
  std::replace_if(
      utf8.begin(), utf8.end(), [](char c) { return !absl::ascii_isascii(c); }, '?');
  return utf8;
}

std::string RichStatusOf(const absl::Status& status) {
  wire::RichStatus rich;
  std::map<std::string, absl::Cord> payloads;
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    if (type_url == kRichStatus) {
      rich.ParseFromString(std::string(payload));
    } else {
      payloads.emplace(type_url, payload);
    }
  });
  for (const auto& [type_url, payload] : payloads) {
    google::protobuf::Any* const detail = rich.add_details();
    detail->set_type_url(type_url);
    detail->set_value(std::string(payload));
  }
  if (rich.details().empty()) return {};
  // Clients refuse one that says another code than grpc-status.
  rich.set_code(static_cast<int>(CodeToSend(status)));
  rich.set_message(ToUtf8(status.message()));
  return rich.SerializeAsString();
}

}  // namespace

absl::Status WithDetails(absl::Status status, absl::Span<const google::protobuf::Any> details) {
  wire::RichStatus rich;
  for (const google::protobuf::Any& detail : details) *rich.add_details() = detail;
  status.SetPayload(kRichStatus, absl::Cord(rich.SerializeAsString()));
  return status;
}

namespace wire {

std::string PercentEncode(absl::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // HTTP/2 allows no space at either end of a value (RFC 9113, 8.2.1).
    const bool is_at_an_end = i == 0 || i + 1 == text.size();
    if (c >= ' ' && c <= '~' && c != '%' && (c != ' ' || !is_at_an_end)) {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string PercentDecode(absl::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) &&
        absl::ascii_isxdigit(text[i + 2])) {
      decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

StatusFields::StatusFields(const absl::Status& status) {
  static constexpr std::array<absl::string_view, 17> kCodes = {
      "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"};
  code_ = kCodes[CodeToSend(status)];
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
