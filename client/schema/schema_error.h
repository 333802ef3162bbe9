// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How the client ends when a server's description cannot be had, or does not have what was asked for.
//
// Thread safety: a pure function.

#ifndef CLIENT_SCHEMA_SCHEMA_ERROR_H_
#define CLIENT_SCHEMA_SCHEMA_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "client/exit_code.h"

namespace udsecho::client {

// `status` is one of Schema, Describe() and so on, whose messages are printable. `address` is for people.
Outcome SchemaError(const std::string& address, const absl::Status& status);

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_SCHEMA_ERROR_H_
