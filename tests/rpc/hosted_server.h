// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server of rpc/ with the probe service, on a thread of its own and a path of its own.
//
//   HostedServer server;
//   auto stub = v1::Probe::NewStub(server.Connect());
//   ...
//   EXPECT_EQ(server.StopAndJoin().calls_cut, 0);

#ifndef TESTS_RPC_HOSTED_SERVER_H_
#define TESTS_RPC_HOSTED_SERVER_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <thread>

#include "rpc/server.h"
#include "tests/rpc/probe_service.h"
#include "tests/support/temp_dir.h"

namespace udsecho::testing {

class HostedServer {
 public:
  // With another service instead of the probe, if there is one.
  explicit HostedServer(const rpc::ServerOptions& options = {}, rpc::ServerEvents* events = nullptr,
                        rpc::Service* service = nullptr);
  ~HostedServer();

  // Connections made before Start() wait in the backlog.
  void Start();
  void Stop() { server_.Stop(); }
  void Stop(absl::Duration grace) { server_.Stop(grace); }
  rpc::DrainResult Join();
  rpc::DrainResult StopAndJoin();

  // A channel with a connection of its own.
  std::shared_ptr<grpc::Channel> Connect() const;

  const std::string& path() const { return path_; }
  rpc::Statistics statistics() const { return server_.statistics(); }
  rpc::Server& server() { return server_; }
  Words& words() { return probe_.words(); }

 private:
  const support::TempDir dir_;
  const std::string path_;
  ProbeService probe_;
  rpc::Server server_;
  uds::Listener listener_;
  rpc::DrainResult result_;
  std::thread thread_;
};

}  // namespace udsecho::testing

#endif  // TESTS_RPC_HOSTED_SERVER_H_
