// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A plan's requests as they go over the wire, made once: the header of each call (gRPC's
// PROTOCOL-HTTP2.md) and the messages in their frames, compressed if that was asked for.
//
//   RequestBytes requests(plan);
//   connection.Submit(&requests.header(), &stream);
//   stream.Send(requests.Next());
//
// No grpc-timeout is sent: the worker looks after the time, and a timer for each call would be work
// of the server's that was not asked for.
//
// Thread safety: none. Ownership: outlives the streams that use its header and its messages.

#ifndef CLIENT_BENCH_REQUEST_BYTES_H_
#define CLIENT_BENCH_REQUEST_BYTES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/bench/plan.h"
#include "client/retry/service_config.h"
#include "http2/account.h"
#include "http2/buffer.h"
#include "http2/header_fields.h"

namespace udsecho::client {

class RequestBytes {
 public:
  explicit RequestBytes(const Plan& plan);
  RequestBytes(const RequestBytes&) = delete;
  RequestBytes& operator=(const RequestBytes&) = delete;

  // `previous`: attempts of the same call, below kMostAttempts.
  const http2::HeaderFields& header(int previous = 0) const { return *headers_[previous]; }

  // The message whose turn it is.
  const http2::Buffer& Next() {
    const std::size_t index = next_;
    next_ = index + 1 < messages_.size() ? index + 1 : 0;
    return messages_[index];
  }

 private:
  static constexpr std::int64_t kUnbounded = std::int64_t{1} << 50;

  void Add(const Plan& plan, const std::string& request);

  // The requests are the user's, and are held whatever they take.
  http2::MemoryBudget budget_{kUnbounded};
  http2::MemoryBudget::Holder holder_;
  http2::Account account_{&budget_, &holder_};
  std::vector<std::pair<std::string, std::string>> fields_;
  std::array<std::unique_ptr<http2::HeaderFields>, kMostAttempts> headers_;
  std::vector<http2::Buffer> messages_;
  std::size_t next_ = 0;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_REQUEST_BYTES_H_
