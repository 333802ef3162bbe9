// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <memory>

#include "client/ask/ask.h"
#include "client/ask/call.h"
#include "client/ask/table.h"
#include "uds/printable.h"
#include "udsecho/v1/admin.grpc.pb.h"

namespace udsecho::client {
namespace {

std::string Text(const v1::StatsResponse& stats, const Style& style) {
  Table table({}, style);
  const auto add = [&](const char* what, uint64_t number) {
    table.Add({what, absl::StrCat(number)});
  };
  table.Add({"started", TimeText(stats.started_at())});
  table.Add({"version", uds::Printable(stats.version())});
  table.Add({"pid", absl::StrCat(stats.pid())});
  add("connections open", stats.connections_open());
  add("connections accepted", stats.connections_accepted());
  add("connections refused", stats.connections_refused());
  add("connections silent", stats.connections_silent());
  add("connections unread", stats.connections_unread());
  add("calls in flight", stats.calls_in_flight());
  add("calls begun", stats.calls_begun());
  add("calls refused", stats.calls_refused());
  add("calls denied", stats.calls_denied());
  table.Add({"received", BytesText(stats.bytes_received())});
  table.Add({"sent", BytesText(stats.bytes_sent())});
  table.Add({"resident memory", BytesText(stats.resident_bytes())});
  return table.Text();
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : uds::Printable(text); }

std::string Text(const v1::ConnectionsResponse& response, const Style& style) {
  Table table({"SINCE", "UID", "USER", "PID", "COMMAND", "CALLS", "IN FLIGHT", "RECEIVED", "SENT"},
              style);
  for (const v1::Connection& each : response.connections()) {
    table.Add({TimeText(each.since()), absl::StrCat(each.uid()), OrDash(each.user()),
               absl::StrCat(each.pid()), OrDash(each.command()), absl::StrCat(each.calls()),
               absl::StrCat(each.calls_in_flight()), BytesText(each.bytes_received()),
               BytesText(each.bytes_sent())});
  }
  return table.Text();
}

std::unique_ptr<v1::Admin::Stub> Admin(const Asking& asking) {
  return v1::Admin::NewStub(asking.connection->client().channel());
}

}  // namespace

Outcome AskStats(const Asking& asking) {
  const auto admin = Admin(asking);
  v1::StatsResponse response;
  const auto prepare = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
    return admin->PrepareAsyncStats(context, v1::StatsRequest(), queue);
  };
  const grpc::Status status = Call(asking, "udsecho.v1.Admin/Stats", &response, prepare);
  if (!status.ok()) return Failed(asking, "Admin.Stats", status);
  return PrintAnswer(asking, response, [&] { return Text(response, asking.style); });
}

Outcome AskConnections(const Asking& asking) {
  const auto admin = Admin(asking);
  v1::ConnectionsResponse response;
  const auto prepare = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
    return admin->PrepareAsyncConnections(context, v1::ConnectionsRequest(), queue);
  };
  const grpc::Status status = Call(asking, "udsecho.v1.Admin/Connections", &response, prepare);
  if (!status.ok()) return Failed(asking, "Admin.Connections", status);
  return PrintAnswer(asking, response, [&] { return Text(response, asking.style); });
}

Outcome AskShutdown(const Asking& asking) {
  v1::ShutdownRequest request;
  if (absl::Duration grace = asking.options->shutdown_grace.value_or(absl::ZeroDuration());
      asking.options->shutdown_grace.has_value()) {
    request.mutable_grace()->set_seconds(absl::IDivDuration(grace, absl::Seconds(1), &grace));
    request.mutable_grace()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(grace)));
  }
  const auto admin = Admin(asking);
  v1::ShutdownResponse response;
  const auto prepare = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
    return admin->PrepareAsyncShutdown(context, request, queue);
  };
  const grpc::Status status = Call(asking, "udsecho.v1.Admin/Shutdown", &response, prepare);
  if (!status.ok()) return Failed(asking, "Admin.Shutdown", status);
  return PrintAnswer(asking, response, [&] {
    return absl::StrCat("stopping; calls in flight may go on for ", DurationText(response.grace()));
  });
}

}  // namespace udsecho::client
