// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// All services of a source, each with its methods.
//
//   absl::StatusOr<std::vector<ListedService>> services = ListServices(&source);
//
// Thread safety: a free function without state.

#ifndef CLIENT_SCHEMA_SERVICE_LIST_H_
#define CLIENT_SCHEMA_SERVICE_LIST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/schema/file_source.h"

namespace udsecho::client {

struct ListedService {
  std::string name;
  // "Chat(stream udsecho.v1.EchoRequest) returns (stream udsecho.v1.EchoResponse)"; none if the
  // source describes it not, or wrongly.
  std::vector<std::string> methods;
};

// In alphabetical order, not printable. Nothing is linked together, so that nothing is missing and nothing
// that a server says can be inconsistent. RESOURCE_EXHAUSTED if it is too much; the errors of asking.
absl::StatusOr<std::vector<ListedService>> ListServices(FileSource* source);

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_SERVICE_LIST_H_
