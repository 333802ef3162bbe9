// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/who_am_i.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/version.h"
#include "server/proto_text.h"
#include "server/proto_time.h"

namespace udsecho {
namespace {

// google.protobuf.Duration has no longer one: "approximately" 10,000 years, says its comment.
constexpr absl::Duration kLongestDuration = absl::Seconds(315'576'000'000);

void AddMetadata(const rpc::Call& call, v1::WhoAmIResponse* response) {
  for (const auto& [key, value] : call.metadata()) {
    v1::Metadata* entry = response->add_metadata();
    entry->set_key(ProtoText(key));  // HTTP/2 allows what is no UTF-8
    entry->set_value(value.data(), value.size());
  }
}

void SetTimeLeft(const rpc::Call& call, v1::WhoAmIResponse* response) {
  const absl::Duration left = call.time_left();
  if (left == absl::InfiniteDuration()) return;
  *response->mutable_time_left() = ToProto(std::min(left, kLongestDuration));
}

}  // namespace

v1::WhoAmIResponse WhoAmI(const rpc::Call& call) {
  v1::WhoAmIResponse response;
  response.set_uid(call.peer().uid);
  response.set_gid(call.peer().gid);
  for (const gid_t group : call.peer().groups) response.add_groups(group);
  response.set_pid(call.peer().pid.value_or(0));
  response.set_connection_id(call.connection().id);
  *response.mutable_connected_at() = ToProto(call.connection().since);
  response.set_connection_calls(call.connection().calls.value());
  response.set_authority(ProtoText(call.authority()));
  AddMetadata(call, &response);
  SetTimeLeft(call, &response);
  response.set_request_encoding(std::string(rpc::wire::NameOf(call.request_encoding())));
  response.set_server_version(cli::kVersion);
  response.set_server_pid(getpid());
  return response;
}

}  // namespace udsecho
