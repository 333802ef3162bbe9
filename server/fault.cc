// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/fault.h"

#include <cstddef>
#include <vector>

#include "rpc/wire/status.h"

namespace udsecho {
namespace {

// As echo.proto says.
constexpr int kLastCode = 16;
constexpr std::size_t kLongestMessage = 1024;
constexpr std::size_t kMostDetails = 4096;
constexpr int kMostMessages = 1'000'000;

// With the two bytes at least between one and the next: thousands of empty ones are many too.
std::size_t EncodedDetails(const v1::Fault& fault) {
  constexpr std::size_t kBetween = 2;
  if (fault.details().empty()) return 0;
  std::size_t bytes = kBetween * static_cast<std::size_t>(fault.details_size() - 1);
  for (const auto& detail : fault.details()) bytes += detail.ByteSizeLong();
  return bytes;
}

}  // namespace

absl::Status Check(const v1::Fault& fault) {
  if (fault.code() < 1 || fault.code() > kLastCode) {
    return absl::InvalidArgumentError(
        "fault.code must be from 1 to 16, a code of gRPC's other than OK");
  }
  if (fault.message().size() > kLongestMessage) {
    return absl::InvalidArgumentError("fault.message must be of 1024 bytes at most");
  }
  if (EncodedDetails(fault) > kMostDetails) {
    return absl::InvalidArgumentError("fault.details must be of 4096 bytes as encoded at most");
  }
  if (fault.after_messages() < 0 || fault.after_messages() > kMostMessages) {
    return absl::InvalidArgumentError("fault.after_messages must be from 0 to 1000000");
  }
  return absl::OkStatus();
}

absl::Status ToStatus(const v1::Fault& fault) {
  absl::Status status(static_cast<absl::StatusCode>(fault.code()), fault.message());
  if (fault.details().empty()) return status;
  return rpc::WithDetails(
      status, std::vector<google::protobuf::Any>(fault.details().begin(), fault.details().end()));
}

void PendingFault::Take(const v1::EchoRequest& request) {
  if (!request.has_fault()) return;
  status_ = ToStatus(request.fault());
  left_ = request.fault().after_messages();
}

void PendingFault::Answered() {
  if (left_ > 0) --left_;
}

}  // namespace udsecho
