// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/collection.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"

namespace udsecho {
namespace {

// Of a text or bytes field with a number below 16: its tag, length and bytes.
std::size_t EncodedSize(const absl::Cord& value) {
  if (value.empty()) return 0;
  return 1 + google::protobuf::io::CodedOutputStream::VarintSize64(value.size()) + value.size();
}

}  // namespace

Collection::Collection(std::size_t max_bytes, const std::optional<std::string>& fixed_reply)
    : max_bytes_(max_bytes), fixed_(fixed_reply.has_value()) {
  if (fixed_) message_ = absl::Cord(*fixed_reply);
}

absl::Status Collection::Add(const v1::EchoRequest& request) {
  if (!fixed_) message_.Append(request.message());
  payload_.Append(request.payload());
  numbers_.set_count(numbers_.count() + 1);
  numbers_.set_bytes(numbers_.bytes() +
                     static_cast<int64_t>(request.message().size() + request.payload().size()));
  const std::size_t size = EncodedSize(message_) + EncodedSize(payload_) + numbers_.ByteSizeLong();
  if (size <= max_bytes_) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the answer would be longer than the ", max_bytes_,
                   " bytes of one message; send less in one call, or have --max_message raised"));
}

v1::CollectResponse Collection::Response() const {
  v1::CollectResponse response = numbers_;
  absl::CopyCordToString(message_, response.mutable_message());
  absl::CopyCordToString(payload_, response.mutable_payload());
  return response;
}

}  // namespace udsecho
