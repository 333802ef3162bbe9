// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The answer to Collect, as it grows.
//
//   Collection collection(max_message_bytes);
//   while (...) if (absl::Status added = collection.Add(request); !added.ok()) ...
//   co_await call.Finish(collection.response());
//
// Thread safety: none is needed.

#ifndef SERVER_COLLECTION_H_
#define SERVER_COLLECTION_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho {

class Collection {
 public:
  // `max_bytes`: of the response, as encoded. With `fixed_reply` its message is that text.
  Collection(std::size_t max_bytes, const std::optional<std::string>& fixed_reply);

  // RESOURCE_EXHAUSTED when the response has become too long: an end to it.
  absl::Status Add(const v1::EchoRequest& request);

  const v1::CollectResponse& response() const { return response_; }

 private:
  const std::size_t max_bytes_;
  const bool fixed_;
  v1::CollectResponse response_;
};

}  // namespace udsecho

#endif  // SERVER_COLLECTION_H_
