// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/echo_metadata.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace udsecho {
namespace {

constexpr char kInitial[] = "x-grpc-test-echo-initial";
constexpr char kTrailing[] = "x-grpc-test-echo-trailing-bin";
constexpr char kCompress[] = "udsecho-compress";

}  // namespace

absl::Status EchoMetadata(rpc::Call* call) {
  for (const absl::string_view value : call->MetadataValues(kTrailing)) {
    call->AddTrailingMetadata(kTrailing, value);
  }
  for (const absl::string_view value : call->MetadataValues(kInitial)) {
    if (!call->AddInitialMetadata(kInitial, value)) {
      return absl::InvalidArgumentError(
          absl::StrCat(kInitial, " must be printable ASCII, for it is sent back"));
    }
  }
  return absl::OkStatus();
}

absl::Status CompressAsAsked(rpc::Call* call) {
  for (const absl::string_view encoding : call->MetadataValues(kCompress)) {
    if (encoding == "gzip") {
      call->Compress(rpc::Encoding::kGzip);
    } else if (encoding == "deflate") {
      call->Compress(rpc::Encoding::kDeflate);
    } else if (encoding != "identity") {
      return absl::InvalidArgumentError("udsecho-compress must be gzip, deflate or identity");
    }
  }
  return absl::OkStatus();
}

}  // namespace udsecho
