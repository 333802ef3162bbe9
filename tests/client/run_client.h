// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The client from its command line to its exit code, within the test's process.
//
//   const Ended result = RunClient({path, "hello"});
//   EXPECT_EQ(result.out, "hello\n");
//
// Thread safety: one at a time.

#ifndef TESTS_CLIENT_RUN_CLIENT_H_
#define TESTS_CLIENT_RUN_CLIENT_H_

#include <string>
#include <vector>

#include "client/interrupt.h"
#include "gmock/gmock.h"

namespace udsecho::client {

struct Ended {
  int exit_code;
  std::string out;
  std::string err;
};

Ended RunClient(const std::vector<std::string>& arguments, const std::string& input = "",
                Interrupt* interrupt = nullptr);

// An error as people get it.
testing::Matcher<std::string> OneLine();

}  // namespace udsecho::client

#endif  // TESTS_CLIENT_RUN_CLIENT_H_
