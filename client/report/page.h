// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A bench's result as one HTML page that needs nothing besides: the numbers, latency by percentile,
// and throughput over time; in light and dark, as the reader's system is set.
//
//   std::ofstream("report.html") << ReportPage(result);
//
// Thread safety: a pure function.

#ifndef CLIENT_REPORT_PAGE_H_
#define CLIENT_REPORT_PAGE_H_

#include <string>

#include "client/bench/result.h"

namespace udsecho::client {

std::string ReportPage(const Result& result);

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_PAGE_H_
