// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/replies.h"

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/json.h"
#include "uds/printable.h"

namespace udsecho::client {

absl::Status Replies::Add(const Reply& reply) {
  if (to_.statistics != nullptr) to_.statistics->Received(reply.took);
  to_.progress->GotBack(reply.message);
  if (to_.format == Format::kJson) return AddJson(&reply, nullptr);
  return AddText(reply);
}

absl::Status Replies::End(const CallEnd& end) {
  if (to_.format == Format::kJson) return AddJson(nullptr, &end);
  return absl::OkStatus();
}

absl::Status Replies::Whole(const Reply* reply, const CallEnd& end) {
  if (reply != nullptr && to_.format == Format::kText) return Add(*reply);
  if (reply != nullptr) {
    if (to_.statistics != nullptr) to_.statistics->Received(reply->took);
    to_.progress->GotBack(reply->message);
  }
  if (to_.format == Format::kJson) return AddJson(reply, &end);
  if (to_.statistics == nullptr) return absl::OkStatus();
  // What became of it, in its place. Without statistics it ends the program, which says so.
  return to_.text->AddLine(absl::StrCat("from ", to_.where, ": seq=", to_.statistics->sent(), " ",
                                        CodeName(end.status.error_code()), ": ",
                                        uds::Printable(end.status.error_message())));
}

absl::Status Replies::AddText(const Reply& reply) {
  absl::Status status;
  const bool only_payload = reply.message.empty() && !reply.payload.empty();
  if (to_.statistics != nullptr) {
    status.Update(to_.text->AddLine(PingLine(reply)));
  } else if (!only_payload) {
    status.Update(to_.text->AddLine(reply.message));
  } else if (to_.payloads == nullptr) {
    status.Update(to_.text->AddLine(absl::StrCat("payload: ", reply.payload.size(), " bytes")));
  }
  if (to_.payloads != nullptr) status.Update(to_.payloads->Add(reply.payload));
  return status;
}

absl::Status Replies::AddJson(const Reply* reply, const CallEnd* end) {
  nlohmann::ordered_json json;
  absl::Status status;
  if (reply != nullptr) {
    json["message"] = reply->message;
    if (to_.payloads != nullptr) {
      status.Update(to_.payloads->Add(reply->payload));
    } else if (!reply->payload.empty()) {
      json["payload"] = Base64(reply->payload);
    }
    if (reply->collected != nullptr) {
      json["count"] = reply->collected->count();
      json["bytes"] = reply->collected->bytes();
    }
  }
  json["round_trip_us"] = absl::ToDoubleMicroseconds(reply != nullptr ? reply->took : end->took);
  if (end != nullptr) {
    json["headers"] = MetadataJson(end->context.GetServerInitialMetadata());
    json["trailers"] = MetadataJson(end->context.GetServerTrailingMetadata());
    json["status"] = StatusJson(end->status);
  }
  status.Update(to_.text->AddLine(JsonLine(json)));
  return status;
}

std::string Replies::PingLine(const Reply& reply) const {
  return absl::StrCat(reply.message.size() + reply.payload.size(), " bytes from ", to_.where,
                      ": seq=", reply.sequence, " time=", Milliseconds(reply.took));
}

absl::Status Replies::Summary() {
  if (to_.statistics == nullptr) return absl::OkStatus();
  const bool json = to_.format == Format::kJson;
  return to_.text->AddLine(json ? JsonLine(to_.statistics->Json()) : to_.statistics->Text());
}

absl::Status Replies::Flush() {
  absl::Status status;
  if (to_.payloads != nullptr) status.Update(to_.payloads->Flush());
  status.Update(to_.text->Flush());
  return status;
}

}  // namespace udsecho::client
