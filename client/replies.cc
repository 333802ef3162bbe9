// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/replies.h"

#include "absl/strings/str_cat.h"
#include "client/escaped.h"
#include "client/exit_code.h"
#include "client/json.h"
#include "uds/printable.h"

namespace udsecho::client {

absl::Status Replies::Add(const Reply& reply) {
  if (to_.statistics != nullptr) to_.statistics->Received(reply.took);
  to_.progress->GotBack(reply.message);
  if (to_.format == Format::kJson) return AddJson(reply.sequence, &reply, nullptr);
  return AddText(reply);
}

absl::Status Replies::End(const CallEnd& end) {
  TellEnd(end, to_.progress);
  if (to_.format == Format::kJson) return AddJson(0, nullptr, &end);
  return absl::OkStatus();
}

absl::Status Replies::Whole(const Reply* reply, const CallEnd& end) {
  if (reply != nullptr && to_.format == Format::kText) {
    const absl::Status status = Add(*reply);
    TellEnd(end, to_.progress);
    return status;
  }
  if (reply != nullptr) {
    if (to_.statistics != nullptr) to_.statistics->Received(reply->took);
    to_.progress->GotBack(reply->message);
  }
  TellEnd(end, to_.progress);
  if (to_.format == Format::kJson) {
    const int64_t sent = to_.statistics != nullptr ? to_.statistics->sent() : 0;
    return AddJson(sent, reply, &end);
  }
  if (to_.statistics == nullptr) return absl::OkStatus();
  // What became of it, in its place. Without statistics it ends the program, which says so.
  return to_.text->AddLine(LossLine(to_.statistics->sent(), end.status));
}

absl::Status Replies::Lost(int64_t sequence, const grpc::Status& status, absl::Duration took) {
  if (to_.statistics == nullptr) return absl::OkStatus();
  if (to_.format == Format::kText) return to_.text->AddLine(LossLine(sequence, status));
  return to_.text->AddLine(JsonLine({{"seq", sequence},
                                     {"round_trip_us", absl::ToDoubleMicroseconds(took)},
                                     {"status", StatusJson(status)}}));
}

absl::Status Replies::NotBegun(const grpc::Status& status) {
  if (to_.format != Format::kJson) return absl::OkStatus();
  return to_.text->AddLine(JsonLine({{"round_trip_us", 0.0}, {"status", StatusJson(status)}}));
}

absl::Status Replies::AddText(const Reply& reply) {
  absl::Status status;
  const bool only_payload = reply.message.empty() && !reply.payload.empty();
  if (to_.statistics != nullptr) {
    status.Update(to_.text->AddLine(PingLine(reply)));
  } else if (!only_payload) {
    status.Update(to_.text->AddLine(to_.is_terminal ? EscapedText(reply.message) : reply.message));
  } else if (to_.payloads == nullptr) {
    status.Update(to_.text->AddLine(absl::StrCat("payload: ", reply.payload.size(), " bytes")));
  }
  if (to_.payloads != nullptr) status.Update(to_.payloads->Add(reply.payload));
  return status;
}

absl::Status Replies::AddJson(int64_t sequence, const Reply* reply, const CallEnd* end) {
  nlohmann::ordered_json json;
  absl::Status status;
  if (sequence > 0 && to_.statistics != nullptr) json["seq"] = sequence;
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

std::string Replies::LossLine(int64_t sequence, const grpc::Status& status) const {
  return absl::StrCat("from ", to_.where, ": seq=", sequence, " ", CodeName(status.error_code()),
                      ": ", uds::Printable(status.error_message()));
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
