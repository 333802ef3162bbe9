// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The responses to an ExpandRequest, one by one.
//
//   Expansion expansion(request, fixed_reply);
//   while (const v1::EchoResponse* response = expansion.Next()) { ...send it... }
//
// Thread safety: none is needed.
// Ownership: borrows the request and the reply.

#ifndef SERVER_EXPANSION_H_
#define SERVER_EXPANSION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho {

class Expansion {
 public:
  // With `fixed_reply` each response has that text. `request` was checked.
  Expansion(const v1::ExpandRequest& request, const std::optional<std::string>& fixed_reply);

  // Null after the last. Valid until the next call.
  const v1::EchoResponse* Next();

  // How many there were.
  std::int64_t count() const { return count_; }

 private:
  // False after the last one.
  bool NextMessage();

  const v1::ExpandRequest& request_;
  const bool fixed_;
  std::int64_t most_;       // responses, before the fault or in all
  absl::string_view rest_;  // in which the next words are looked for
  std::int64_t count_ = 0;
  v1::EchoResponse response_;
};

}  // namespace udsecho

#endif  // SERVER_EXPANSION_H_
