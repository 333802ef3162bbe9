// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "client/ask/ask.h"
#include "client/ask/call.h"
#include "client/ask/table.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

std::string ValueText(const v1::Metadata& entry) {
  const bool is_binary = absl::EndsWith(entry.key(), "-bin");
  return is_binary ? absl::StrCat(Base64(entry.value()), " (base64)")
                   : uds::Printable(entry.value());
}

std::string Text(const v1::WhoAmIResponse& you, const Style& style) {
  Table table({}, style);
  table.Add({"uid", absl::StrCat(you.uid())});
  table.Add({"gid", absl::StrCat(you.gid())});
  table.Add({"groups", absl::StrJoin(you.groups(), " ")});
  table.Add({"pid", absl::StrCat(you.pid())});
  table.Add({"connection",
             absl::StrCat("number ", you.connection_id(), " since ", TimeText(you.connected_at()),
                          ", ", you.connection_calls(), " calls")});
  table.Add({"authority", uds::Printable(you.authority())});
  table.Add({"time left", you.has_time_left() ? DurationText(you.time_left()) : "no deadline"});
  table.Add({"request encoding", uds::Printable(you.request_encoding())});
  table.Add({"server", absl::StrCat("version ", uds::Printable(you.server_version()), ", pid ",
                                    you.server_pid())});
  for (const v1::Metadata& entry : you.metadata()) {
    table.Add({absl::StrCat("metadata ", uds::Printable(entry.key())), ValueText(entry)});
  }
  return table.Text();
}

}  // namespace

Outcome AskWhoAmI(const Asking& asking) {
  v1::WhoAmIResponse response;
  const auto prepare = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
    return asking.connection->client().stub().PrepareAsyncWhoAmI(context, v1::WhoAmIRequest(),
                                                                 queue);
  };
  const grpc::Status status = Call(asking, "udsecho.v1.Echo/WhoAmI", &response, prepare);
  if (!status.ok()) return Failed(asking, "WhoAmI", status);
  return PrintAnswer(asking, response, [&] { return Text(response, asking.style); });
}

}  // namespace udsecho::client
