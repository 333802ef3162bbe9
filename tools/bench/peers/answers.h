// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the benchmark's servers in C++ answer.
//
//   Reply(request, &response);
//   Expansion expansion(request);
//   while (expansion.Next(&response)) { ...send it... }
//
// Thread safety: none is needed.
// Ownership: an Expansion borrows the request.

#ifndef TOOLS_BENCH_PEERS_ANSWERS_H_
#define TOOLS_BENCH_PEERS_ANSWERS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "udsecho/v1/echo.pb.h"

namespace peers {

constexpr int kMaxMessage = 16 << 20;

inline void Reply(const udsecho::v1::EchoRequest& request, udsecho::v1::EchoResponse* response) {
  response->set_message(request.message());
  response->set_payload(request.payload());
}

inline void Add(const udsecho::v1::EchoRequest& request, udsecho::v1::CollectResponse* response) {
  response->mutable_message()->append(request.message());
  response->mutable_payload()->append(request.payload());
  response->set_count(response->count() + 1);
  response->set_bytes(response->bytes() + static_cast<std::int64_t>(request.message().size() +
                                                                    request.payload().size()));
}

class Expansion {
 public:
  explicit Expansion(const udsecho::v1::ExpandRequest& request)
      : request_(request),
        interval_(std::chrono::seconds(request.interval().seconds()) +
                  std::chrono::nanoseconds(request.interval().nanos())) {
    if (!request.has_count()) {
      words_ = absl::StrSplit(request.message(), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
    }
    left_ = request.has_count() ? request.count() : static_cast<std::int64_t>(words_.size());
  }

  // False after the last one. `response` is the same object each time.
  bool Next(udsecho::v1::EchoResponse* response) {
    if (left_ <= 0) return false;
    if (first_) {
      response->set_message(request_.message());
      response->set_payload(request_.payload());
      first_ = false;
    }
    if (!words_.empty()) {
      const absl::string_view word = words_[words_.size() - static_cast<std::size_t>(left_)];
      response->set_message(word.data(), word.size());
    }
    --left_;
    return true;
  }

  bool at_end() const { return left_ <= 0; }
  std::chrono::nanoseconds interval() const { return interval_; }

 private:
  const udsecho::v1::ExpandRequest& request_;
  const std::chrono::nanoseconds interval_;
  std::vector<absl::string_view> words_;
  std::int64_t left_ = 0;
  bool first_ = true;
};

}  // namespace peers

#endif  // TOOLS_BENCH_PEERS_ANSWERS_H_
