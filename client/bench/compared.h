// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a comparison with an earlier run (client/report/comparison.h) said, as a bench's result holds it.
//
// Thread safety: a value.

#ifndef CLIENT_BENCH_COMPARED_H_
#define CLIENT_BENCH_COMPARED_H_

#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace udsecho::client {

struct Compared {
  std::vector<std::string> lines;  // for people
  std::vector<std::string> worse;  // "p99 by +12.3 %", of what is worse by more than noise
  std::string not_judged;          // why there is no verdict on anything; empty if there is one
  nlohmann::ordered_json json;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_COMPARED_H_
