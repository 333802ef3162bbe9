// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A greeter that asks another one: relay SOCKET OTHER_SOCKET

#include <grpcpp/create_channel.h>

#include <iostream>
#include <memory>
#include <string>

#include "greeter.grpc.pb.h"
#include "rpc/call/unary_call.h"
#include "rpc/outgoing/call_out.h"
#include "rpc/outgoing/stream_out.h"
#include "rpc/server.h"
#include "rpc/service.h"
#include "rpc/stop_signals.h"

namespace {

using examples::greeter::HelloReply;
using examples::greeter::HelloRequest;

class Relay final : public rpc::Service {
 public:
  explicit Relay(const std::string& other)
      : Service("examples.greeter.Greeter"),
        other_(examples::greeter::Greeter::NewStub(
            grpc::CreateChannel("unix:" + other, grpc::InsecureChannelCredentials()))) {
    Handle("Hello", &Relay::Hello);
  }

 private:
  using Stub = examples::greeter::Greeter::Stub;

  rpc::Task Hello(rpc::UnaryCall<HelloRequest, HelloReply>& call) {
    const absl::StatusOr<HelloReply> reply =
        co_await rpc::CallOut(call, other_->async(), &Stub::async::Hello, call.request());
    co_await call.Finish(reply);
  }

  const std::unique_ptr<Stub> other_;
};

}  // namespace

int main(int argc, char** argv) {
  const rpc::StopSignals signals;  // before any thread starts
  if (argc != 3) return std::cerr << "usage: relay SOCKET OTHER_SOCKET\n", 2;
  const auto address = uds::Address::Parse(argv[1]);
  if (!address.ok()) return std::cerr << address.status() << '\n', 2;
  auto listener = uds::Listener::Open(*address);
  if (!listener.ok()) return std::cerr << listener.status() << '\n', 1;

  Relay relay(argv[2]);
  rpc::Server server;
  server.Add(&relay);
  return server.Run(*std::move(listener), signals.fd()).ok() ? 0 : 1;
}
