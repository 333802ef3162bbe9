// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Calls from within a test, for what the command line cannot be made to do.
//
//   auto call = std::async(std::launch::async, Echo, Connect(path), Delayed("x", 1000));
//   EXPECT_TRUE(call.get().status.ok());
//
// Thread safety: free functions without state.

#ifndef TESTS_INTEGRATION_CALLS_H_
#define TESTS_INTEGRATION_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>

#include "udsecho/v1/echo.grpc.pb.h"

namespace udsecho::integration {

using ChatStream = grpc::ClientReaderWriter<v1::EchoRequest, v1::EchoResponse>;

struct Answer {
  grpc::Status status;
  v1::EchoResponse response;
};

// A channel with a connection of its own. It does not wait for a server.
std::shared_ptr<grpc::Channel> Connect(const std::string& path);

v1::EchoRequest Message(std::string message);
v1::EchoRequest Delayed(std::string message, int64_t milliseconds);

// One call, which waits for a minute at the most.
Answer Echo(const std::shared_ptr<grpc::Channel>& channel, const v1::EchoRequest& request);

// One call with these very bytes as its request; the response's bytes go to `response`.
grpc::Status EchoRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& request,
                     std::string* response);

// One message there and back on an open stream; empty if the stream has ended.
std::string Say(ChatStream* stream, const std::string& message);

}  // namespace udsecho::integration

#endif  // TESTS_INTEGRATION_CALLS_H_
