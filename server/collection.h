// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The answer to Collect, as it grows.
//
//   Collection collection(max_message_bytes);
//   while (...) if (absl::Status added = collection.Add(request); !added.ok()) ...
//   const v1::CollectResponse response = collection.Response();
//   co_await call.Finish(response);
//
// It is kept in pieces until then: a string that grows would take up to twice what it holds.
//
// Thread safety: none is needed.

#ifndef SERVER_COLLECTION_H_
#define SERVER_COLLECTION_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho {

class Collection {
 public:
  // `max_bytes`: of the response, as encoded. With `fixed_reply` its message is that text.
  Collection(std::size_t max_bytes, const std::optional<std::string>& fixed_reply);

  // RESOURCE_EXHAUSTED when the response has become too long: an end to it.
  absl::Status Add(const v1::EchoRequest& request);

  v1::CollectResponse Response() const;

 private:
  const std::size_t max_bytes_;
  const bool fixed_;
  absl::Cord message_;
  absl::Cord payload_;
  v1::CollectResponse numbers_;  // the rest of it
};

}  // namespace udsecho

#endif  // SERVER_COLLECTION_H_
