// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The client from its command line to its exit code: main() without the process around it.
//
//   int main(int argc, char** argv) { return udsecho::client::Run(argc, argv, {}); }
//
// Thread safety: once per process: it changes the working directory (uds::EnterCallersDirectory)
// and what the libraries log.

#ifndef CLIENT_RUN_H_
#define CLIENT_RUN_H_

#include "client/streams.h"

namespace udsecho::client {

// Returns the exit code (client/exit_code.h). If it is not 0 or 130, one line "client: ..." on
// `err` says why.
int Run(int argc, const char* const* argv, const Streams& streams);

}  // namespace udsecho::client

#endif  // CLIENT_RUN_H_
