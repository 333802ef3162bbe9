// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --print_grpcurl: the same call for grpcurl, a line a call, on standard output. Nothing is called, and no
// connection made.
//
//   const Outcome outcome = PrintGrpcurl(target, options, streams);
//
// What grpcurl cannot do is a note on standard error; what cannot be said without asking the server is bad usage.
//
// Thread safety: none.

#ifndef CLIENT_GRPCURL_PRINT_GRPCURL_H_
#define CLIENT_GRPCURL_PRINT_GRPCURL_H_

#include "client/exit_code.h"
#include "client/options.h"
#include "client/streams.h"
#include "client/target.h"

namespace udsecho::client {

Outcome PrintGrpcurl(const Target& target, const Options& options, const Streams& streams);

}  // namespace udsecho::client

#endif  // CLIENT_GRPCURL_PRINT_GRPCURL_H_
