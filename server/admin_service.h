// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// udsecho.v1.Admin: what the one who runs the server wants to know, and to do. The contract is in
// proto/udsecho/v1/admin.proto.
//
//   rpc::Server server(options);
//   AdminService admin(&server, options.grace);
//   server.Add(&admin);
//
// Thread safety: handlers run on the server's threads.
// Ownership: borrows the server, which runs whenever a handler does.

#ifndef SERVER_ADMIN_SERVICE_H_
#define SERVER_ADMIN_SERVICE_H_

#include "absl/time/time.h"
#include "rpc/call/task.h"
#include "rpc/call/unary_call.h"
#include "rpc/server.h"
#include "rpc/service.h"
#include "udsecho/v1/admin.pb.h"

namespace udsecho {

class AdminService final : public rpc::Service {
 public:
  // `grace`: for a Shutdown that does not say otherwise.
  AdminService(rpc::Server* server, absl::Duration grace);

 private:
  // Denies everybody but the server's own uid and root.
  absl::Status Begin(rpc::Call& call) override;

  rpc::Task Stats(rpc::UnaryCall<v1::StatsRequest, v1::StatsResponse>& call);
  rpc::Task Connections(rpc::UnaryCall<v1::ConnectionsRequest, v1::ConnectionsResponse>& call);
  rpc::Task Shutdown(rpc::UnaryCall<v1::ShutdownRequest, v1::ShutdownResponse>& call);

  rpc::Server& server_;
  const absl::Duration grace_;
  const absl::Time started_at_;
};

}  // namespace udsecho

#endif  // SERVER_ADMIN_SERVICE_H_
