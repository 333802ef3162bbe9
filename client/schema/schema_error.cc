// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/schema_error.h"

#include "absl/strings/str_cat.h"

namespace udsecho::client {

Outcome SchemaError(const std::string& address, const absl::Status& status) {
  constexpr char kWhat[] = "Reflection";
  // To escape it again would double its backslashes.
  const std::string why(status.message());
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
      return {kExitUsage, absl::StrCat(address, ": ", why)};
    case absl::StatusCode::kUnimplemented:
      return CallOutcome(kWhat, address,
                         {grpc::StatusCode::UNIMPLEMENTED,
                          "the server does not tell of its methods: say --protoset=FILE"},
                         "");
    default: {
      const auto code = static_cast<grpc::StatusCode>(status.code());
      Outcome outcome = CallOutcome(kWhat, address, {code, ""}, "");
      absl::StrAppend(&outcome.error, why, WhatToTry({code, why}));
      return outcome;
    }
  }
}

}  // namespace udsecho::client
