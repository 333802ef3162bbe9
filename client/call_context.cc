// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/call_context.h"

#include "absl/strings/str_cat.h"
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

grpc::Status WithConnection(const grpc::Status& status, const CallOptions& options,
                            grpc::Channel* channel) {
  const bool may_wait = options.retry.has_value() && options.retry->waits_for_ready();
  if (!may_wait || status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) return status;
  const grpc_connectivity_state state = channel->GetState(/*try_to_connect=*/false);
  if (state != GRPC_CHANNEL_CONNECTING && state != GRPC_CHANNEL_TRANSIENT_FAILURE) return status;
  return {grpc::StatusCode::DEADLINE_EXCEEDED,
          absl::StrCat(status.error_message(), ", because there is no connection")};
}

}  // namespace udsecho::client
