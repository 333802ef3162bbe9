// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/echo_metadata.h"

#include <string>
#include <vector>

#include "grpc/compression.h"

namespace udsecho {
namespace {

constexpr char kInitial[] = "x-grpc-test-echo-initial";
constexpr char kTrailing[] = "x-grpc-test-echo-trailing-bin";
constexpr char kCompress[] = "udsecho-compress";

// In the order in which they were sent.
std::vector<std::string> ValuesOf(const rpc::Call& call, const char* key) {
  std::vector<std::string> values;
  const auto [begin, end] = call.context().client_metadata().equal_range(key);
  for (auto it = begin; it != end; ++it) values.emplace_back(it->second.data(), it->second.size());
  return values;
}

}  // namespace

void EchoMetadata(rpc::Call* call) {
  for (const std::string& value : ValuesOf(*call, kInitial)) {
    call->context().AddInitialMetadata(kInitial, value);
  }
  for (const std::string& value : ValuesOf(*call, kTrailing)) {
    call->context().AddTrailingMetadata(kTrailing, value);
  }
}

grpc::Status CompressAsAsked(rpc::Call* call) {
  for (const std::string& encoding : ValuesOf(*call, kCompress)) {
    if (encoding == "gzip") {
      call->Compress(GRPC_COMPRESS_GZIP);
    } else if (encoding == "deflate") {
      call->Compress(GRPC_COMPRESS_DEFLATE);
    } else if (encoding != "identity") {
      return {grpc::StatusCode::INVALID_ARGUMENT,
              "udsecho-compress must be gzip, deflate or identity"};
    }
  }
  return grpc::Status::OK;
}

}  // namespace udsecho
