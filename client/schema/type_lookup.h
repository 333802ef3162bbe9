// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The whole name of a message or an enum by its end: "Hello" for "demo.Hello".
//
// Thread safety: a free function without state.

#ifndef CLIENT_SCHEMA_TYPE_LOOKUP_H_
#define CLIENT_SCHEMA_TYPE_LOOKUP_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/schema/schema.h"

namespace udsecho::client {

// Of what the methods of all services take and give, and of what is in those. The errors of Schema.
absl::StatusOr<std::vector<std::string>> TypesThatEndIn(absl::string_view end, Schema* schema);

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_TYPE_LOOKUP_H_
