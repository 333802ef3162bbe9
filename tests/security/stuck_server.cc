// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server with a handler that does what none may do: it keeps its thread for good.
//
//   stuck_server PATH
//
// Prints "serving", and "stuck" once the handler is.

#include <unistd.h>

#include <iostream>

#include "rpc/call/unary_call.h"
#include "rpc/server.h"
#include "rpc/service.h"
#include "rpc/stop_signals.h"
#include "tests/rpc/probe.pb.h"
#include "uds/address.h"
#include "uds/listener.h"

namespace udsecho::security {
namespace {

class Stuck final : public rpc::Service {
 public:
  Stuck() : Service("udsecho.testing.v1.Probe") { Handle("Ask", &Stuck::Ask); }

 private:
  using Request = testing::v1::ProbeRequest;
  using Reply = testing::v1::ProbeReply;

  // NOLINTNEXTLINE(readability-convert-member-functions-to-static): handlers are members
  rpc::Task Ask(rpc::UnaryCall<Request, Reply>& call) {
    std::cout << "stuck\n" << std::flush;
    while (true) pause();
    co_await call.Finish(Reply());
  }
};

class Events final : public rpc::ServerEvents {
  void Serving() override { std::cout << "serving\n" << std::flush; }
};

int Main(int argc, char** argv) {
  const rpc::StopSignals signals;
  const auto address = uds::Address::Parse(argc == 2 ? argv[1] : "");
  if (!address.ok()) return 2;
  auto listener = uds::Listener::Open(*address);
  if (!listener.ok()) return 1;
  Stuck stuck;
  Events events;
  rpc::Server server({.grace = absl::ZeroDuration()}, &events);
  server.Add(&stuck);
  return server.Run(*std::move(listener), signals.fd()).ok() ? 0 : 1;
}

}  // namespace
}  // namespace udsecho::security

int main(int argc, char** argv) { return udsecho::security::Main(argc, argv); }
