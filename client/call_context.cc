// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/call_context.h"

#include "client/retry/attempts.h"

namespace udsecho::client {
namespace {

// Asks the service for replies that are compressed likewise: see echo.proto.
constexpr char kCompressReplies[] = "udsecho-compress";

}  // namespace

void SetUp(const CallOptions& options, grpc::ClientContext* context) {
  for (const auto& [key, value] : options.metadata) context->AddMetadata(key, value);
  if (options.attempts != nullptr) options.attempts->Watch(context);
  if (!options.authority.empty()) context->set_authority(options.authority);
  switch (options.compression) {
    case Compression::kNone:
      break;
    case Compression::kGzip:
      context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
      context->AddMetadata(kCompressReplies, "gzip");
      break;
    case Compression::kDeflate:
      context->set_compression_algorithm(GRPC_COMPRESS_DEFLATE);
      context->AddMetadata(kCompressReplies, "deflate");
      break;
  }
}

}  // namespace udsecho::client
