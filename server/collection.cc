// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/collection.h"

#include "absl/strings/str_cat.h"

namespace udsecho {
Collection::Collection(std::size_t max_bytes, const std::optional<std::string>& fixed_reply)
    : max_bytes_(max_bytes), fixed_(fixed_reply.has_value()) {
  if (fixed_) response_.set_message(*fixed_reply);
}

absl::Status Collection::Add(const v1::EchoRequest& request) {
  if (!fixed_) response_.mutable_message()->append(request.message());
  response_.mutable_payload()->append(request.payload());
  response_.set_count(response_.count() + 1);
  response_.set_bytes(response_.bytes() +
                      static_cast<int64_t>(request.message().size() + request.payload().size()));
  if (response_.ByteSizeLong() <= max_bytes_) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the answer would be longer than the ", max_bytes_,
                   " bytes of one message; send less in one call, or have --max_message raised"));
}

}  // namespace udsecho
