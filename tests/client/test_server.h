// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// An Echo server within a test's process, as well or badly behaved as the test wants.
//
//   TestServer server;
//   server.service.chat = [](grpc::ServerContext*, TestService::Stream* stream) {
//     return grpc::Status(...);
//   };
//   EchoClient client(server.Connect());
//
// Thread safety: the behaviours may be set while gRPC's threads use them; a call keeps that with
// which it began.
// Ownership: must outlive the calls on it. At its end, calls that still run are cancelled.

#ifndef TESTS_CLIENT_TEST_SERVER_H_
#define TESTS_CLIENT_TEST_SERVER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "uds/unique_fd.h"
#include "udsecho/v1/admin.grpc.pb.h"
#include "udsecho/v1/echo.grpc.pb.h"

namespace udsecho::client {

// What a method does, to be set by the test's thread and used by gRPC's. A lock of our own makes
// the one come before the other: ThreadSanitizer does not see those of gRPC.
template <class... Arguments>
class Behaviour {
 public:
  using Function = std::function<grpc::Status(Arguments...)>;

  explicit Behaviour(Function function) : function_(std::move(function)) {}
  Behaviour& operator=(Function function) {
    const std::lock_guard<std::mutex> lock(mutex_);
    function_ = std::move(function);
    return *this;
  }
  grpc::Status operator()(Arguments... arguments) {
    Function function;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      function = function_;
    }
    return function(arguments...);
  }

 private:
  std::mutex mutex_;
  Function function_;
};

class TestService : public v1::Echo::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::EchoResponse, v1::EchoRequest>;

  // Answers each message with itself.
  static grpc::Status Reply(grpc::ServerContext*, const v1::EchoRequest* request,
                            v1::EchoResponse* response);
  static grpc::Status ReplyToAll(grpc::ServerContext*, Stream* stream);

  Behaviour<grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*> echo{&Reply};
  Behaviour<grpc::ServerContext*, Stream*> chat{&ReplyToAll};
  Behaviour<grpc::ServerContext*, const v1::WhoAmIRequest*, v1::WhoAmIResponse*> who_am_i{
      [](grpc::ServerContext*, const v1::WhoAmIRequest*, v1::WhoAmIResponse*) {
        return grpc::Status::OK;
      }};

  grpc::Status Echo(grpc::ServerContext* context, const v1::EchoRequest* request,
                    v1::EchoResponse* response) override {
    return echo(context, request, response);
  }
  grpc::Status Chat(grpc::ServerContext* context, Stream* stream) override {
    return chat(context, stream);
  }
  // As many as were asked for.
  grpc::Status Expand(grpc::ServerContext* context, const v1::ExpandRequest* request,
                      grpc::ServerWriter<v1::EchoResponse>* writer) override;
  grpc::Status Collect(grpc::ServerContext* context, grpc::ServerReader<v1::EchoRequest>* reader,
                       v1::CollectResponse* response) override;
  grpc::Status WhoAmI(grpc::ServerContext* context, const v1::WhoAmIRequest* request,
                      v1::WhoAmIResponse* response) override {
    return who_am_i(context, request, response);
  }
};

class TestAdmin : public v1::Admin::Service {
 public:
  Behaviour<grpc::ServerContext*, const v1::ConnectionsRequest*, v1::ConnectionsResponse*>
      connections{[](grpc::ServerContext*, const v1::ConnectionsRequest*,
                     v1::ConnectionsResponse*) { return grpc::Status::OK; }};
  std::atomic<int64_t> grace_seconds = -1;  // of the last Shutdown

  grpc::Status Stats(grpc::ServerContext*, const v1::StatsRequest*,
                     v1::StatsResponse* response) override {
    response->set_calls_begun(12345);
    return grpc::Status::OK;
  }
  grpc::Status Connections(grpc::ServerContext* context, const v1::ConnectionsRequest* request,
                           v1::ConnectionsResponse* response) override {
    return connections(context, request, response);
  }
  grpc::Status Shutdown(grpc::ServerContext*, const v1::ShutdownRequest* request,
                        v1::ShutdownResponse* response) override {
    grace_seconds = request->grace().seconds();
    *response->mutable_grace() = request->grace();
    return grpc::Status::OK;
  }
};

// Waits until the call is cancelled: what a server that hangs looks like.
grpc::Status Hang(grpc::ServerContext* context);

class TestServer {
 public:
  // `path`: where to listen, too; empty for nowhere.
  explicit TestServer(const std::string& path = "");
  ~TestServer();

  // No handler runs any more: a call that a client gave up may go on for a while, and what its handler refers
  // to must be there.
  void Stop();

  TestService service;
  TestAdmin admin;

  // "localhost:12345": it listens there too.
  std::string host_and_port() const { return "localhost:" + std::to_string(port_); }

  // Takes no more connections, tells those that there are to go away, and lets their calls end. Not to be
  // called by a behaviour's thread, whose call it waits for.
  void Leave();

  // A new connection to it.
  uds::UniqueFd Connect();

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace udsecho::client

#endif  // TESTS_CLIENT_TEST_SERVER_H_
