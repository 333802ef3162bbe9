// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/call/calling.h"

#include <vector>

#include "client/sending.h"

namespace udsecho::client {

std::string FromBuffer(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  bytes.reserve(buffer.Length());
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

Outcome TrafficError(const Calling& calling, const absl::Status& status) {
  if (status.code() != absl::StatusCode::kDataLoss) return OutputError(status);
  return CallOutcome(calling.name, calling.address,
                     {grpc::StatusCode::DATA_LOSS, std::string(status.message())});
}

}  // namespace udsecho::client
