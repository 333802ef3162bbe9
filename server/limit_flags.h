// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The flags that set rpc::Limits: what each means, its unit and its range stand in rpc/limits.h,
// its default is read from there, and lowered where the system has less.
//
//   rpc::Limits limits;
//   DeclareLimitFlags(&app, &limits);
//   app.parse(argc, argv);
//   CheckLimitsTogether(app, limits);
//
// Thread safety: none is needed.

#ifndef SERVER_LIMIT_FLAGS_H_
#define SERVER_LIMIT_FLAGS_H_

#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "rpc/limits.h"

namespace udsecho {

// Lowers what is more than memory cgroups and limits on the process allow.
void TakeDefaultsFromSystem(rpc::Limits* limits);

// What the system has less of than the server would like.
struct Shortage {
  std::string what;     // memory or descriptors
  std::string message;  // a sentence
  bool fits = false;    // the limits are low enough for it
};
std::vector<Shortage> CompareWithSystem(const rpc::Limits& limits);

// Parsing writes to `limits`, which outlives it, and throws CLI::ValidationError for what is no
// number, size or duration, or out of range.
void DeclareLimitFlags(CLI::App* app, rpc::Limits* limits);

// What no flag can tell alone: throws CLI::ValidationError where one makes another meaningless.
void CheckLimitsTogether(const CLI::App& app, const rpc::Limits& limits);

}  // namespace udsecho

#endif  // SERVER_LIMIT_FLAGS_H_
