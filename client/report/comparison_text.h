// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A comparison without a page: for a terminal, for --json, and for --fail_if=worse.
//
//   result.compared = ComparedOf(Compare(before, now));
//
// Thread safety: a pure function.

#ifndef CLIENT_REPORT_COMPARISON_TEXT_H_
#define CLIENT_REPORT_COMPARISON_TEXT_H_

#include "client/bench/compared.h"
#include "client/report/comparison.h"

namespace udsecho::client {

Compared ComparedOf(const Comparison& comparison);

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_COMPARISON_TEXT_H_
