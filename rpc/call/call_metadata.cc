// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a call's header says besides its method, and what the response's header and trailers will.

#include <string>
#include <utility>
#include <vector>

#include "rpc/call/call.h"
#include "rpc/wire/encoding.h"
#include "rpc/wire/metadata.h"

namespace rpc {

const std::vector<http2::Header>& Call::metadata() const {
  if (metadata_.has_value()) return *metadata_;
  std::vector<http2::Header>& all = metadata_.emplace();
  for (const http2::Header& header : stream_.headers()) {
    if (!wire::IsMetadata(header.name)) continue;
    if (!wire::IsBinary(header.name)) {
      all.push_back(header);
      continue;
    }
    auto values = wire::DecodeBinary(header.value);
    if (!values.has_value()) continue;  // which was refused before
    for (std::string& value : *values) {
      decoded_.push_front(std::move(value));
      all.push_back({.name = header.name, .value = decoded_.front()});
    }
  }
  return all;
}

std::vector<absl::string_view> Call::MetadataValues(absl::string_view key) const {
  std::vector<absl::string_view> values;
  bool is_there = false;
  for (const http2::Header& header : stream_.headers()) is_there = is_there || header.name == key;
  if (!is_there) return values;  // as of most calls
  for (const http2::Header& header : metadata()) {
    if (header.name == key) values.push_back(header.value);
  }
  return values;
}

bool Call::Add(absl::string_view key, absl::string_view value, std::vector<Metadatum>* to) {
  if (!wire::IsLegalToSend(key, value)) return false;
  to->push_back({.key = std::string(key),
                 .value = wire::IsBinary(key) ? wire::EncodeBinary(value) : std::string(value)});
  return true;
}

bool Call::Compress(Encoding encoding) {
  if (stream_.responded()) return false;
  bool accepts = false;
  for (const http2::Header& header : stream_.headers()) {
    accepts =
        accepts || (header.name == "grpc-accept-encoding" && wire::IsAmong(header.value, encoding));
  }
  if (accepts) response_encoding_ = encoding;
  return accepts;
}

}  // namespace rpc
