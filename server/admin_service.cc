// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/admin_service.h"

#include <unistd.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/version.h"
#include "server/echo_metadata.h"
#include "server/process_facts.h"
#include "server/proto_text.h"
#include "server/proto_time.h"
#include "uds/peer_credentials.h"
#include "udsecho/v1/admin.pb.h"

namespace udsecho {
namespace {

constexpr absl::Duration kLongestGrace = absl::Hours(24);  // as admin.proto says

// So many connections are described before others have their turn: some 10 us each.
constexpr int kConnectionsInARow = 64;

v1::Connection Describe(const rpc::Connection& connection, const UserNames& names) {
  v1::Connection description;
  description.set_id(connection.id);
  *description.mutable_since() = ToProto(connection.since);
  description.set_uid(connection.peer.uid);
  description.set_gid(connection.peer.gid);
  const auto name = names.find(connection.peer.uid);
  if (name != names.end()) description.set_user(ProtoText(name->second));
  if (connection.peer.pid.has_value()) {
    description.set_pid(*connection.peer.pid);
    description.set_command(ProtoText(CommandOf(connection.peer)));
  }
  description.set_calls(connection.calls.value());
  description.set_calls_in_flight(static_cast<uint32_t>(connection.calls_in_flight.value()));
  description.set_bytes_received(connection.bytes_received.value());
  description.set_bytes_sent(connection.bytes_sent.value());
  return description;
}

}  // namespace

AdminService::AdminService(rpc::Server* server, absl::Duration grace)
    : Service("udsecho.v1.Admin"), server_(*server), grace_(grace), started_at_(absl::Now()) {
  Handle("Stats", &AdminService::Stats);
  Handle("Connections", &AdminService::Connections);
  Handle("Shutdown", &AdminService::Shutdown);
}

absl::Status AdminService::Begin(rpc::Call& call) {
  if (absl::Status echoed = EchoMetadata(&call); !echoed.ok()) return echoed;
  if (uds::IsOurUser(call.peer()) || call.peer().uid == 0) return CompressAsAsked(&call);
  return absl::PermissionDeniedError(
      absl::StrCat("uid ", call.peer().uid, " may not administer this server; only its own uid ",
                   geteuid(), " and root may"));
}

rpc::Task AdminService::Stats(rpc::UnaryCall<v1::StatsRequest, v1::StatsResponse>& call) {
  const rpc::Statistics counted = server_.statistics();
  v1::StatsResponse response;
  *response.mutable_started_at() = ToProto(started_at_);
  response.set_version(cli::kVersion);
  response.set_pid(getpid());
  response.set_connections_accepted(counted.connections_accepted);
  response.set_connections_refused(counted.connections_refused);
  response.set_connections_silent(counted.connections_silent);
  response.set_connections_unread(counted.connections_unread);
  response.set_calls_begun(counted.calls_begun);
  response.set_calls_refused(counted.calls_refused);
  response.set_calls_denied(counted.calls_denied);
  response.set_bytes_received(counted.bytes_received);
  response.set_bytes_sent(counted.bytes_sent);
  response.set_connections_open(static_cast<uint32_t>(server_.Connections().size()));
  response.set_calls_in_flight(static_cast<uint32_t>(server_.calls_in_flight()));
  response.set_resident_bytes(ResidentBytes());
  co_await call.Finish(response);
}

rpc::Task AdminService::Connections(
    rpc::UnaryCall<v1::ConnectionsRequest, v1::ConnectionsResponse>& call) {
  const UserNames names = ReadUserNames();
  v1::ConnectionsResponse response;
  for (const auto& connection : server_.Connections()) {
    *response.add_connections() = Describe(*connection, names);
    if (response.connections_size() % kConnectionsInARow != 0) continue;
    if (!co_await call.Sleep(absl::Nanoseconds(1))) co_return;
  }
  co_await call.Finish(response);
}

rpc::Task AdminService::Shutdown(rpc::UnaryCall<v1::ShutdownRequest, v1::ShutdownResponse>& call) {
  absl::StatusOr<absl::Duration> grace = grace_;
  if (call.request().has_grace()) {
    grace = DurationWithin("grace", call.request().grace(), kLongestGrace);
  }
  if (!grace.ok()) {
    co_await call.Finish(grace.status());
    co_return;
  }
  v1::ShutdownResponse response;
  *response.mutable_grace() = ToProto(*grace);
  co_await call.Finish(response);
  server_.Stop(*grace);  // once the answer is out, or nobody is there to have it
}

}  // namespace udsecho
