// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A command line of grpcurl, quoted for a POSIX shell.
//
//   GrpcurlLine({.symbol = "demo.Greeter/Hello", .data = R"({"name":"x"})"}, target, options)
//   // grpcurl -plaintext -unix -d '{"name":"x"}' /tmp/sock1 demo.Greeter/Hello
//
// Thread safety: pure functions, but for the working directory.

#ifndef CLIENT_GRPCURL_GRPCURL_LINE_H_
#define CLIENT_GRPCURL_GRPCURL_LINE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "client/options.h"
#include "client/target.h"

namespace udsecho::client {

struct GrpcurlCall {
  std::string verb;                 // "list" or "describe"; empty: a call
  std::string symbol;               // "demo.Greeter/Hello"; may be empty with a verb
  std::optional<std::string> data;  // what -d has; "@" is standard input
  std::string input;                // the file that is standard input, if any
  bool has_deadline = false;        // the timeout is that of the whole call
};

std::string GrpcurlLine(const GrpcurlCall& call, const Target& target, const Options& options);

// As one word: 'it'\''s'.
std::string ShellQuoted(absl::string_view word);

}  // namespace udsecho::client

#endif  // CLIENT_GRPCURL_GRPCURL_LINE_H_
