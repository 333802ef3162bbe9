// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/exit_code.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

// By number: doc/statuscodes.md of gRPC.
constexpr absl::string_view kCodeNames[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

constexpr int kCodes = std::size(kCodeNames);

// How gRPC's library, or a bench (client/bench/answer.cc), ends a status of its own when a connection is lost. A status does not say whether
// it came from the server, and what a server says of itself needs no hint.
constexpr absl::string_view kConnectionLost[] = {
    "Socket closed",        "Transport closed",           "GOAWAY received",
    "Broken pipe",          "Endpoint read failed",       "Connection reset by peer",
    "Connection timed out", "keepalive watchdog timeout", "closed the connection",
};

bool IsConnectionLost(absl::string_view text) {
  return std::any_of(std::begin(kConnectionLost), std::end(kConnectionLost),
                     [&](absl::string_view end) { return absl::EndsWith(text, end); });
}

}  // namespace

Outcome UsageError(absl::string_view why) { return {kExitUsage, uds::Printable(why)}; }

Outcome LocalIoError(absl::string_view why) { return {kExitLocalIo, uds::Printable(why)}; }

Outcome ConnectError(const absl::Status& status) {
  // What uds says is printable, and to escape it again would double its backslashes.
  const std::string why(status.message().data(), status.message().size());
  if (status.code() == absl::StatusCode::kInvalidArgument) return {kExitUsage, why};
  if (status.code() == absl::StatusCode::kDeadlineExceeded) {
    return {kExitRpcBase + grpc::StatusCode::DEADLINE_EXCEEDED, why};
  }
  return {kExitNoConnection, why};
}

Outcome CallOutcome(absl::string_view method, absl::string_view address,
                    const grpc::Status& status) {
  return CallOutcome(method, address, status, WhatToTry(status));
}

Outcome CallOutcome(absl::string_view method, absl::string_view address, const grpc::Status& status,
                    absl::string_view what_to_try) {
  if (status.ok()) return {};
  const int code = status.error_code();
  // A server may send any number. Those that gRPC does not know keep within a process's 255.
  const int shown = code > 0 && code < kCodes ? code : grpc::StatusCode::UNKNOWN;
  return {kExitRpcBase + shown,
          absl::StrCat(method, ": ", address, ": ", CodeName(status.error_code()), ": ",
                       uds::Printable(status.error_message()), what_to_try)};
}

absl::string_view WhatToTry(const grpc::Status& status) {
  constexpr absl::string_view kForeign = " (does a gRPC server listen there?)";
  const std::string why = status.error_message();
  if (absl::StrContains(why, "http1.x server") || absl::EndsWith(why, "speak HTTP/2")) {
    return kForeign;
  }
  switch (status.error_code()) {
    case grpc::StatusCode::UNKNOWN:
      return why == "Stream removed" ? kForeign : "";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return " (more time: --timeout)";
    case grpc::StatusCode::UNIMPLEMENTED:
      return " (what it offers: --list; how to call that: --call)";
    case grpc::StatusCode::UNAVAILABLE:
      return IsConnectionLost(why) ? " (the connection is gone; is the server still there?)" : "";
    default:
      return "";
  }
}

Outcome Interrupted() { return {kExitInterrupted, ""}; }

std::string CodeName(grpc::StatusCode code) {
  if (code < 0 || code >= kCodes) return absl::StrCat("CODE_", static_cast<int>(code));
  return std::string(kCodeNames[code].data(), kCodeNames[code].size());
}

int FindCode(absl::string_view text) {
  int code = 0;
  if (absl::SimpleAtoi(text, &code)) return code >= 1 && code < kCodes ? code : 0;
  std::string name = absl::AsciiStrToUpper(text);
  for (char& c : name) c = c == '-' ? '_' : c;
  for (code = kCodes - 1; code > 0; --code) {
    if (kCodeNames[code] == name) break;
  }
  return code;
}

}  // namespace udsecho::client
