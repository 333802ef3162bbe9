// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The two programs under test, as their users start them.
//
//   EXPECT_EQ(RunClient({path, "hello"}).out, "hello\n");
//   EXPECT_EQ(RunServer({}).exit_code, 2);
//   support::SpawnedProcess chat(ClientCommand({path}));
//
// A test's BUILD target names them in $UDSECHO_SERVER and $UDSECHO_CLIENT.

#ifndef TESTS_INTEGRATION_PROGRAMS_H_
#define TESTS_INTEGRATION_PROGRAMS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/support/spawned_process.h"

namespace udsecho::integration {

std::vector<std::string> ServerCommand(const std::vector<std::string>& arguments);
std::vector<std::string> ClientCommand(const std::vector<std::string>& arguments);

// For command lines on which the server ends by itself.
support::Finished RunServer(const std::vector<std::string>& arguments,
                            const support::SpawnOptions& options = {});

support::Finished RunClient(const std::vector<std::string>& arguments, absl::string_view input = "",
                            const support::SpawnOptions& options = {});

// The longest of its lines, in bytes.
size_t LongestLine(absl::string_view text);

// Whether `text` is one line with its line feed, free of control characters: what an error should
// be.
bool IsOneLine(absl::string_view text);

}  // namespace udsecho::integration

#endif  // TESTS_INTEGRATION_PROGRAMS_H_
