// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/plan.h"

namespace udsecho::client {

Plan PlanFor(const Target& target, const Options& options) {
  return {.target = target,
          .call = options.call,
          .bench = options.bench,
          .shape = "",
          .name = "",
          .method = "",
          .requests = {},
          .count = options.count};
}

}  // namespace udsecho::client
