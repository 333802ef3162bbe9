// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A bench's result as one HTML page that needs nothing besides: the numbers, diagrams over time and by
// percentile, errors, and what it ran on; in light and dark, as the reader's system is set, on paper and
// on a phone. With an earlier run beside it, if there is one.
//
//   std::ofstream("report.html") << ReportPage(result, old);
//
// Thread safety: a pure function.

#ifndef CLIENT_REPORT_PAGE_H_
#define CLIENT_REPORT_PAGE_H_

#include <optional>
#include <string>

#include "client/bench/result.h"
#include "client/report/record.h"

namespace udsecho::client {

std::string ReportPage(const Result& result, const std::optional<Record>& before = std::nullopt);

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_PAGE_H_
