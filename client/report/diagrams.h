// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The page's diagrams, of one run or of two.
//
//   const std::string html = Diagrams({.now = record, .before = nullptr});
//
// What was not measured has no axes: a sentence says why.
//
// Thread safety: pure functions.

#ifndef CLIENT_REPORT_DIAGRAMS_H_
#define CLIENT_REPORT_DIAGRAMS_H_

#include <string>

#include "client/report/record.h"

namespace udsecho::client {

struct Runs {
  const Record& now;
  const Record* before = nullptr;  // an earlier one, if there is one to compare with
};

// All of them, each with its heading.
std::string Diagrams(const Runs& runs);

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_DIAGRAMS_H_
