// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What is served at one socket of a server, and for whom: services, with a health and a reflection of
// their own, so that nobody learns at one socket what is served at another.
//
//   rpc::Endpoint& admin = server.AddEndpoint(*std::move(admin_listener), {.admit = OnlyRoot});
//   admin.Add(&admin_service);
//
// The limits are the server's: what a uid may have, it has at all sockets together.
//
// Thread safety: Add() and Describe() before Server::Run(); health(), any thread.
// Ownership: the server owns it. Borrows the services, which outlive it. A service may be added to more
// than one.

#ifndef RPC_ENDPOINT_H_
#define RPC_ENDPOINT_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "rpc/builtin/health.h"
#include "rpc/builtin/reflection.h"
#include "rpc/service.h"
#include "uds/peer_credentials.h"

namespace rpc {

struct EndpointOptions {
  // Whether the peer of a new connection may call. Asked when it is accepted, and again by
  // Server::Readmit(), on the thread in Run(): must not block or throw. A status other than OK is the
  // answer to all of its calls; none reaches a handler. Unset: all peers may call.
  std::function<absl::Status(const uds::PeerCredentials&)> admit = nullptr;
};

class Endpoint {
 public:
  // For the server.
  explicit Endpoint(EndpointOptions options, int index);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // Sets its health to SERVING. A second service of the same name aborts.
  void Add(Service* service);

  // Reflection sends this file too where it sends google.protobuf.Any: for what services put into
  // one, which no .proto of theirs names.
  void Describe(const google::protobuf::FileDescriptor* file) { described_.push_back(file); }

  Health& health() { return health_; }

  // Which one it is: Connection::endpoint has it. 0 is the socket of Run(), the others follow in their
  // order.
  int index() const { return index_; }

  // For the server.
  bool asks() const { return options_.admit != nullptr; }
  absl::Status Admit(const uds::PeerCredentials& peer) const {
    return asks() ? options_.admit(peer) : absl::OkStatus();
  }
  const Methods& methods() const { return methods_; }
  const std::vector<Service*>& services() const { return services_; }

 private:
  const EndpointOptions options_;
  const int index_;
  std::vector<Service*> services_;
  std::vector<std::string> names_;  // of services_, for reflection
  Methods methods_;
  Health health_;
  DescribedFiles described_;
  Reflection<ReflectionV1> reflection_{&names_, &described_};
  Reflection<ReflectionV1Alpha> reflection_alpha_{&names_, &described_};
};

}  // namespace rpc

#endif  // RPC_ENDPOINT_H_
