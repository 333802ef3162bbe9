// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Where a method's description and its requests come from, by the command line.
//
// Thread safety: the functions hold nothing.

#ifndef CLIENT_CALL_METHOD_INPUT_H_
#define CLIENT_CALL_METHOD_INPUT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/interrupt.h"
#include "client/options.h"
#include "client/schema/file_source.h"
#include "grpcpp/grpcpp.h"

namespace udsecho::client {

// The files of --protoset, or else the reflection of the server that `channel` leads to. It borrows the
// options and the interrupt. The errors of reading the files.
absl::StatusOr<std::unique_ptr<FileSource>> DescriptionOf(
    const std::shared_ptr<grpc::Channel>& channel, const Options& options, Interrupt* interrupt);

// The JSON objects of --data, as they stand there. A blank text is one request with nothing in it for
// methods that take one, as grpcurl has it, and none for streams.
std::vector<std::string> RequestsIn(absl::string_view data, bool streams_requests);

}  // namespace udsecho::client

#endif  // CLIENT_CALL_METHOD_INPUT_H_
