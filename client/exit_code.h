// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How the client ends: one number for scripts, one line for people.
//
//    0        all replies were printed
//    1        standard input could not be read, or standard output or a file not written
//    2        bad usage: flags, the address, or a message that is not UTF-8 or too long
//    3        no connection: nobody listens at the address, it is no socket, permission was denied
//    4        --health: the server answers, and is not serving
//    5        --bench: no call failed, but --rate was not kept
//    6        --bench: a condition of --fail_if came true, whatever else there is to say, short of Ctrl-C
//   64 + N    the call failed with gRPC status code N: 68 DEADLINE_EXCEEDED, 67 INVALID_ARGUMENT,
//             72 RESOURCE_EXHAUSTED, 76 UNIMPLEMENTED, 78 UNAVAILABLE, ... That the server took no
//             connection within --timeout is 68 too, and that it stopped to answer a --bench. A --bench
//             in which no call ended, or at whose end there was no connection, is 78.
//  130        Ctrl-C
//
// A signal ends the client as it ends other filters: by SIGPIPE (141 in a shell) when whoever reads
// standard output goes away.
//
// Thread safety: values and pure functions.

#ifndef CLIENT_EXIT_CODE_H_
#define CLIENT_EXIT_CODE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"

namespace udsecho::client {

inline constexpr int kExitOk = 0;
inline constexpr int kExitLocalIo = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNoConnection = 3;
inline constexpr int kExitNotServing = 4;
inline constexpr int kExitRateMissed = 5;
inline constexpr int kExitFailIf = 6;
inline constexpr int kExitRpcBase = 64;
inline constexpr int kExitInterrupted = 130;  // as shells say of a process that SIGINT ended

struct Outcome {
  int exit_code = kExitOk;
  // One line, safe to print; empty if exit_code is kExitOk, or says it all.
  std::string error;

  bool ok() const { return exit_code == kExitOk; }
};

// `why` may hold any bytes: it is made one printable line.
Outcome UsageError(absl::string_view why);
Outcome LocalIoError(absl::string_view why);

// `status` is not OK and comes from uds::Connect(), which says what was tried, and where.
Outcome ConnectError(const absl::Status& status);

// "Chat: unix:/tmp/sock1: RESOURCE_EXHAUSTED: the message is ...", and what to try where `status`
// says little. OK is no error.
Outcome CallOutcome(absl::string_view method, absl::string_view address,
                    const grpc::Status& status);

// The same, where the text of `status` is not what a call ended with.
Outcome CallOutcome(absl::string_view method, absl::string_view address, const grpc::Status& status,
                    absl::string_view what_to_try);

// " (more time: --timeout)", for what a call ended with; empty where `status` says enough.
absl::string_view WhatToTry(const grpc::Status& status);

// Whoever pressed Ctrl-C need not be told.
Outcome Interrupted();

// "DEADLINE_EXCEEDED" for 4, "CODE_99" for what is no code of gRPC.
std::string CodeName(grpc::StatusCode code);

// From 1 to 16, by name, in any case and with '-' for '_', or by number; 0 for none.
int FindCode(absl::string_view text);

}  // namespace udsecho::client

#endif  // CLIENT_EXIT_CODE_H_
