// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A service of one's own on uds/ and rpc/: with health, reflection, the caller's identity, and an
// end that loses no call.
//
//   bazel run //examples/greeter -- /tmp/greeter
//   grpcurl -plaintext -unix -d '{"name":"Ada"}' /tmp/greeter examples.greeter.Greeter/Hello

#include <iostream>

#include "absl/strings/str_cat.h"
#include "greeter.pb.h"
#include "rpc/call/unary_call.h"
#include "rpc/server.h"
#include "rpc/service.h"
#include "rpc/stop_signals.h"

namespace {

using examples::greeter::HelloReply;
using examples::greeter::HelloRequest;

class Greeter final : public rpc::Service {
 public:
  Greeter() : Service("examples.greeter.Greeter") { Handle("Hello", &Greeter::Hello); }

 private:
  rpc::Task Hello(rpc::UnaryCall<HelloRequest, HelloReply>& call) {
    HelloReply reply;
    reply.set_text(absl::StrCat("Hello ", call.request().name(), ", uid ", call.peer().uid));
    co_await call.Finish(reply);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const rpc::StopSignals signals;  // before any thread starts
  const auto address = uds::Address::Parse(argc == 2 ? argv[1] : "");
  if (!address.ok()) return std::cerr << address.status() << '\n', 2;
  auto listener = uds::Listener::Open(*address);
  if (!listener.ok()) return std::cerr << listener.status() << '\n', 1;

  Greeter greeter;
  rpc::Server server;
  server.Add(&greeter);
  return server.Run(*std::move(listener), signals.fd()).ok() ? 0 : 1;
}
