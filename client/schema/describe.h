// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A service, a method, a message or an enum as .proto text.
//
//   absl::StatusOr<std::string> text = Describe("demo.Greeter/Hello", &schema);
//
// Thread safety: a free function without state.

#ifndef CLIENT_SCHEMA_DESCRIBE_H_
#define CLIENT_SCHEMA_DESCRIBE_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/schema/schema.h"

namespace udsecho::client {

// Several printable lines, without the last line feed. After a method comes its request, as .proto and
// as a JSON template; after a message its template. Names of methods and services may be shortened while they
// are unique; an empty name is all services: `broken` says about the first of them that cannot be described,
// if there is one. NOT_FOUND and the errors of Schema.
absl::StatusOr<std::string> Describe(const std::string& typed, Schema* schema,
                                     absl::Status* broken = nullptr);

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_DESCRIBE_H_
