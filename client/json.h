// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What --json tells of calls, as parts of an object.
//
//   nlohmann::ordered_json line;
//   line["status"] = StatusJson(status);
//   Print(JsonLine(line));
//
// Bytes (payloads, metadata whose key ends with "-bin") are in base64.
//
// Thread safety: pure functions.

#ifndef CLIENT_JSON_H_
#define CLIENT_JSON_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {

// {"code": 5, "name": "NOT_FOUND", "message": "...", "details": [{"type": ..., "value": ...}]}; the
// details, only if there are any, are those of a rich error (grpc-status-details-bin).
nlohmann::ordered_json StatusJson(const grpc::Status& status);

// Those details. Empty if there are none, or if they cannot be parsed.
google::protobuf::RepeatedPtrField<google::protobuf::Any> DetailsOf(const grpc::Status& status);

// {"key": ["value", ...]}
nlohmann::ordered_json MetadataJson(
    const std::multimap<grpc::string_ref, grpc::string_ref>& metadata);

// A message's fields under the names that they have in the .proto, those without a value too.
nlohmann::ordered_json MessageJson(const google::protobuf::Message& message);

std::string Base64(absl::string_view bytes);

// On one line, without its line feed; what is not UTF-8 is replaced.
std::string JsonLine(const nlohmann::ordered_json& json);

}  // namespace udsecho::client

#endif  // CLIENT_JSON_H_
