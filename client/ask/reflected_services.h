// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a server says of its services, by gRPC's reflection.
//
//   std::vector<ReflectedService> services;
//   grpc::Status status = ListServices(channel, Reflection::kV1, timeout, &context, &services);
//
// Thread safety: a free function without state.

#ifndef CLIENT_ASK_REFLECTED_SERVICES_H_
#define CLIENT_ASK_REFLECTED_SERVICES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"

namespace udsecho::client {

enum class Reflection { kV1, kV1Alpha };

struct ReflectedService {
  std::string name;
  // "Chat(stream udsecho.v1.EchoRequest) returns (stream udsecho.v1.EchoResponse)"; none if the
  // server describes it not, or wrongly.
  std::vector<std::string> methods;
};

// In alphabetical order. The timeout is for each answer. UNIMPLEMENTED if the server does not have
// that version.
grpc::Status ListServices(const std::shared_ptr<grpc::Channel>& channel, Reflection version,
                          absl::Duration timeout, grpc::ClientContext* context,
                          std::vector<ReflectedService>* services);

}  // namespace udsecho::client

#endif  // CLIENT_ASK_REFLECTED_SERVICES_H_
