// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The status that a caller asked for: its limits, how it is sent, and when in a stream.
//
//   PendingFault fault;
//   while (co_await call.Read(&request)) {
//     fault.Take(request);
//     if (!fault.due()) { ...answer...; fault.Answered(); }
//     if (fault.due()) ...end with fault.status()...
//   }
//
// Thread safety: none is needed.

#ifndef SERVER_FAULT_H_
#define SERVER_FAULT_H_

#include "absl/status/status.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho {

// INVALID_ARGUMENT if a fault is outside of what echo.proto says.
absl::Status Check(const v1::Fault& fault);

// With its details, if there are any, as a google.rpc.Status.
absl::Status ToStatus(const v1::Fault& fault);

// The fault that a stream of requests is to end with, if any.
class PendingFault {
 public:
  // A request came: its fault, if it has one, takes the place of an earlier one's.
  void Take(const v1::EchoRequest& request);
  // A request was answered as if there were no fault.
  void Answered();

  bool due() const { return !status_.ok() && left_ == 0; }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;  // OK: none
  int left_ = 0;         // requests before it
};

}  // namespace udsecho

#endif  // SERVER_FAULT_H_
