// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server for Connect's conformance suite. The suite writes its wishes to the server's standard
// input, and reads from its standard output where to connect.
//
//   server SOCKET PORT
//
// A relay listens on PORT of the loopback interface, and leads to SOCKET: see relayed.

#include <cstdint>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "rpc/server.h"
#include "rpc/stop_signals.h"
#include "tests/conformance/conformance.pb.h"
#include "tests/conformance/conformance_service.h"
#include "uds/address.h"
#include "uds/listener.h"

namespace {

using connectrpc::conformance::v1::ServerCompatRequest;
using connectrpc::conformance::v1::ServerCompatResponse;

constexpr int kLengthBytes = 4;  // big-endian, before each message

bool ReadRequest(std::istream& in, ServerCompatRequest* request) {
  std::uint32_t size = 0;
  for (int i = 0; i < kLengthBytes; ++i) size = size << 8 | static_cast<std::uint8_t>(in.get());
  std::string bytes(in.good() ? size : 0, '\0');
  return in.good() && in.read(bytes.data(), size).good() && request->ParseFromString(bytes);
}

void Write(const ServerCompatResponse& response, std::ostream& out) {
  const std::string bytes = response.SerializeAsString();
  for (int i = kLengthBytes - 1; i >= 0; --i) {
    out.put(static_cast<char>(bytes.size() >> (8 * i)));
  }
  out << bytes << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  const rpc::StopSignals signals;  // before any thread starts
  ServerCompatResponse response;
  std::uint32_t port = 0;
  if (argc != 3 || !absl::SimpleAtoi(argv[2], &port)) return std::cerr << "server SOCKET PORT\n", 2;
  const auto address = uds::Address::Parse(argv[1]);
  if (!address.ok()) return std::cerr << address.status() << '\n', 2;
  ServerCompatRequest request;
  if (!ReadRequest(std::cin, &request)) return std::cerr << "standard input has no request\n", 1;
  auto listener = uds::Listener::Open(*address);
  if (!listener.ok()) return std::cerr << listener.status() << '\n', 1;
  response.set_host("127.0.0.1");
  response.set_port(port);
  Write(response, std::cout);

  rpc::ServerOptions options;
  if (request.message_receive_limit() > 0) {
    options.limits.max_message_bytes = static_cast<int>(request.message_receive_limit());
  }
  conformance::ConformanceService service;
  rpc::Server server(options);
  server.Add(&service);
  const auto end = server.Run(*std::move(listener), signals.fd());
  if (!end.ok()) return std::cerr << end.status() << '\n', 1;
  return 0;
}
