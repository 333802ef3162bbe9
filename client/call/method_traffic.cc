// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/call/method_traffic.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/json.h"
#include "uds/printable.h"

namespace udsecho::client {

absl::StatusOr<std::string> MethodTraffic::Request(absl::string_view text) {
  return codec_.Encode(*method_.input_type(), text);
}

absl::Status MethodTraffic::Reply(const RawReply& reply) { return Show(&reply, nullptr); }

absl::Status MethodTraffic::End(const CallEnd& end) {
  TellEnd(end, to_.progress);
  WarnOfDetails(end.status);
  return to_.format == Format::kJson ? Show(nullptr, &end) : absl::OkStatus();
}

absl::Status MethodTraffic::Whole(const RawReply* reply, const CallEnd& end) {
  TellEnd(end, to_.progress);
  WarnOfDetails(end.status);
  return reply != nullptr || to_.format == Format::kJson ? Show(reply, &end) : absl::OkStatus();
}

absl::Status MethodTraffic::Show(const RawReply* reply, const CallEnd* end) {
  std::string message;
  std::vector<std::string> unknown;
  if (reply != nullptr) {
    absl::StatusOr<std::string> decoded = codec_.Decode(*method_.output_type(), reply->bytes);
    if (!decoded.ok()) return decoded.status();
    message = *std::move(decoded);
    unknown = codec_.UnknownFields(*method_.output_type(), reply->bytes);
  }
  if (to_.format == Format::kText) {
    WarnOfUnknown(unknown);
    return to_.text->AddLine(message);
  }
  nlohmann::ordered_json json;
  if (reply != nullptr) {
    json["message"] = nlohmann::ordered_json::parse(message, nullptr, /*allow_exceptions=*/false);
  }
  if (!unknown.empty()) json["unknown_fields"] = unknown;
  json["round_trip_us"] = absl::ToDoubleMicroseconds(reply != nullptr ? reply->took : end->took);
  if (end != nullptr) {
    json["headers"] = MetadataJson(end->context.GetServerInitialMetadata());
    json["trailers"] = MetadataJson(end->context.GetServerTrailingMetadata());
    json["status"] = StatusJson(end->status);
    int index = 0;
    for (const google::protobuf::Any& detail : DetailsOf(end->status)) {
      nlohmann::ordered_json& shown = json["status"]["details"][index++];
      if (const auto decoded = codec_.DecodeAny(detail); decoded.ok()) {
        shown["message"] = nlohmann::ordered_json::parse(*decoded, nullptr, false);
      }
    }
  }
  return to_.text->AddLine(JsonLine(json));
}

// In JSON they are a part of the status.
void MethodTraffic::WarnOfDetails(const grpc::Status& status) {
  if (to_.format == Format::kJson) return;
  for (const google::protobuf::Any& detail : DetailsOf(status)) {
    const auto decoded = codec_.DecodeAny(detail);
    to_.warn(absl::StrCat("detail: ", decoded.ok() ? *decoded : uds::Printable(detail.type_url())));
  }
}

void MethodTraffic::WarnOfUnknown(const std::vector<std::string>& fields) {
  std::vector<std::string> news;
  for (const std::string& field : fields) {
    if (warned_of_.size() < JsonCodec::kMostUnknown && warned_of_.insert(field).second) {
      news.push_back(field);
    }
  }
  if (news.empty()) return;
  to_.warn(absl::StrCat("not shown, because ", method_.output_type()->full_name(),
                        " does not declare it: field ", absl::StrJoin(news, ", ")));
}

}  // namespace udsecho::client
