// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A call of any shape with the bytes as they are on the wire: a compressed message stays so.
//
//   RawReply reply = RawCall(ConnectRaw(path, kAllEncodings), "/udsecho.v1.Echo/Echo",
//                            {.request = bytes, .metadata = {{"udsecho-compress", "gzip"}}});
//   EXPECT_TRUE(IsGzip(reply.messages[0]));
//
// Thread safety: free functions without state.

#ifndef TESTS_INTEGRATION_RAW_CALL_H_
#define TESTS_INTEGRATION_RAW_CALL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace udsecho::integration {

// What a client says that it accepts: gRPC's bits for identity, deflate and gzip.
inline constexpr int kIdentityOnly = 1;
inline constexpr int kDeflateToo = 3;
inline constexpr int kAllEncodings = 7;

std::shared_ptr<grpc::Channel> ConnectRaw(const std::string& path, int accepted_encodings);

struct RawRequest {
  std::string request;
  std::vector<std::pair<std::string, std::string>> metadata = {};
  grpc_compression_algorithm encoding = GRPC_COMPRESS_NONE;  // of the request
};

struct RawReply {
  std::vector<std::string> messages;
  grpc::Status status;
};

// Sends one message and reads all that comes.
RawReply RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const RawRequest& request);

inline bool IsGzip(absl::string_view bytes) { return absl::StartsWith(bytes, "\x1f\x8b"); }
// zlib's header is 0x78; no protobuf message of ours begins so.
inline bool IsDeflate(absl::string_view bytes) { return absl::StartsWith(bytes, "x"); }

}  // namespace udsecho::integration

#endif  // TESTS_INTEGRATION_RAW_CALL_H_
