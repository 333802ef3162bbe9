// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A bench's result as a table for spreadsheets: a line of names, and lines of values. The names, and
// their order, stay as they are; new ones come at the end. Numbers have a point for decimals and nothing
// between thousands; what was not measured is empty; times are in the unit that the name ends with.
//
// Thread safety: pure functions. Texts end without a line feed.

#ifndef CLIENT_BENCH_SUMMARY_CSV_H_
#define CLIENT_BENCH_SUMMARY_CSV_H_

#include <string>

#include "client/bench/result.h"

namespace udsecho::client {

// The whole run in one line. What the columns are: SummaryJson() in summary.h.
std::string SummaryCsv(const Result& result);

// A line for each point in time.
std::string PointsCsv(const Result& result);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_SUMMARY_CSV_H_
