// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How often calls were sent again by gRPC's channel, which does that by itself and tells nobody.
//
//   Attempts attempts([](int attempt) { ... });  // from the second attempt of each call on
//   attempts.Watch(&context);                    // before the call begins
//   ...
//   attempts.sent_again()
//
// gRPC asks for a call's credentials each time that it sends the call, so that these need not be as
// old as the call. What is asked here has none to give, and counts.
//
// Thread safety: all methods, from any thread. `tell` is called on any thread, and by several at
// once. Ownership: calls may outlive it.

#ifndef CLIENT_RETRY_ATTEMPTS_H_
#define CLIENT_RETRY_ATTEMPTS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "grpcpp/client_context.h"

namespace udsecho::client {

class Attempts {
 public:
  using Tell = std::function<void(int attempt)>;

  explicit Attempts(Tell tell) : all_(std::make_shared<All>()) { all_->tell = std::move(tell); }

  void Watch(grpc::ClientContext* context) const;

  int64_t sent_again() const { return all_->again; }

  // Of all calls.
  struct All {
    std::atomic<int64_t> again = 0;
    Tell tell;
  };

 private:
  const std::shared_ptr<All> all_;
};

}  // namespace udsecho::client

#endif  // CLIENT_RETRY_ATTEMPTS_H_
