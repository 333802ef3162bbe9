// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// An earlier run, for client --report --compare: any file gives an error in a line, or a page.

#include "client/report/record.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "client/report/page.h"
#include "tests/client/made_run.h"
#include "tests/fuzz/printable.h"

namespace udsecho::fuzz {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::StatusOr<client::Record> record =
      client::ReadRecord({reinterpret_cast<const char*>(data), size}, "old.json");
  if (!record.ok()) {
    EXPECT_TRUE(IsPrintableLine(std::string(record.status().message())));
    return 0;
  }
  static const client::Result kNow =
      client::MadeRun({.points = 12, .calls_a_point = 100, .codes = {14}});
  const std::string page = client::ReportPage(kNow, *record);
  EXPECT_TRUE(absl::EndsWith(page, "</html>\n"));
  EXPECT_FALSE(absl::StrContains(page, "<script"));
  EXPECT_FALSE(absl::StrContains(page, "\x1b"));
  return 0;
}

}  // namespace udsecho::fuzz
