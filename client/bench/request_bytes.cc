// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/request_bytes.h"

#include <cstring>
#include <iterator>

#include "rpc/wire/encoding.h"
#include "rpc/wire/message_reader.h"
#include "rpc/wire/metadata.h"

namespace udsecho::client {
namespace {

rpc::wire::Encoding EncodingOf(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return rpc::wire::Encoding::kGzip;
    case Compression::kDeflate:
      return rpc::wire::Encoding::kDeflate;
    case Compression::kNone:
      break;
  }
  return rpc::wire::Encoding::kIdentity;
}

std::vector<std::pair<std::string, std::string>> HeaderOf(const Plan& plan) {
  const std::string& authority = plan.call.authority;
  std::vector<std::pair<std::string, std::string>> fields = {
      {":method", "POST"},
      {":scheme", "http"},
      {":path", plan.method},
      {":authority", authority.empty() ? plan.target.authority() : authority},
      {"te", "trailers"},
      {"content-type", "application/grpc"},
      {"user-agent", "udsecho-bench"},
  };
  if (plan.call.compression != Compression::kNone) {
    const absl::string_view name = rpc::wire::NameOf(EncodingOf(plan.call.compression));
    fields.emplace_back("grpc-encoding", name);
    fields.emplace_back("grpc-accept-encoding", rpc::wire::kAcceptedEncodings);
    fields.emplace_back("udsecho-compress", name);
  }
  for (const auto& [key, value] : plan.call.metadata) {
    fields.emplace_back(key, rpc::wire::IsBinary(key) ? rpc::wire::EncodeBinary(value) : value);
  }
  return fields;
}

}  // namespace

RequestBytes::RequestBytes(const Plan& plan) : fields_(HeaderOf(plan)) {
  std::vector<http2::Field> fields;
  fields.reserve(fields_.size());
  // They live as long as this does, and are the same each time: a byte each in HPACK's table.
  for (const auto& [name, value] : fields_) fields.push_back({name, value, true});
  constexpr absl::string_view kNumbers[] = {"", "1", "2", "3", "4"};
  static_assert(std::size(kNumbers) == kMostAttempts);
  headers_[0] = std::make_unique<http2::HeaderFields>(fields);
  for (int previous = 1; previous < kMostAttempts; ++previous) {
    std::vector<http2::Field> again = fields;
    again.push_back({"grpc-previous-rpc-attempts", kNumbers[previous], true});
    headers_[previous] = std::make_unique<http2::HeaderFields>(again);
  }
  for (const std::string& request : plan.requests) Add(plan, request);
}

void RequestBytes::Add(const Plan& plan, const std::string& request) {
  const rpc::wire::Encoding encoding = EncodingOf(plan.call.compression);
  const bool compressed = encoding != rpc::wire::Encoding::kIdentity;
  const std::string bytes = compressed ? rpc::wire::Deflate(encoding, request) : request;
  http2::Buffer message = http2::Buffer::New(&account_, rpc::wire::kPrefixBytes + bytes.size());
  rpc::wire::WritePrefix(compressed, bytes.size(), message.end());
  message.Extend(rpc::wire::kPrefixBytes);
  std::memcpy(message.end(), bytes.data(), bytes.size());
  message.Extend(bytes.size());
  messages_.push_back(std::move(message));
}

}  // namespace udsecho::client
