// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/call/method_traffic.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/json.h"
#include "client/schema/reply_check.h"
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
  JsonCodec::Decoded message;
  if (reply != nullptr) {
    absl::StatusOr<JsonCodec::Decoded> decoded =
        codec_.Decode(*method_.output_type(), reply->bytes);
    if (!decoded.ok()) return decoded.status();
    message = *std::move(decoded);
  }
  if (to_.format == Format::kText) {
    WarnOfUnknown(message.unknown);
    return to_.text->AddLine(message.json);
  }
  nlohmann::ordered_json json;
  if (!message.unknown.empty()) json["not_shown"] = message.unknown;
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
  std::string line = JsonLine(json);
  // Put in as it is: the message may be large, and has been made by protobuf.
  if (reply != nullptr) line.replace(0, 1, absl::StrCat("{\"message\":", message.json, ","));
  return to_.text->AddLine(line);
}

// In JSON they are a part of the status.
void MethodTraffic::WarnOfDetails(const grpc::Status& status) {
  if (to_.format == Format::kJson) return;
  for (const google::protobuf::Any& detail : DetailsOf(status)) {
    const auto decoded = codec_.DecodeAny(detail);
    to_.warn(absl::StrCat("detail: ", decoded.ok() ? *decoded : uds::Printable(detail.type_url())));
  }
}

void MethodTraffic::WarnOfUnknown(const std::vector<std::string>& names) {
  std::vector<std::string> news;
  for (const std::string& name : names) {
    if (warned_of_.size() < ReplyCheck::kMostUnknown && warned_of_.insert(name).second) {
      news.push_back(name);
    }
  }
  if (news.empty()) return;
  to_.warn(absl::StrCat("not shown, because the server's description does not have it: ",
                        absl::StrJoin(news, ", ")));
}

}  // namespace udsecho::client
