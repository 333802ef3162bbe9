// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/integration/programs.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace udsecho::integration {
namespace {

std::vector<std::string> Command(const char* variable, const std::vector<std::string>& arguments) {
  const char* program = std::getenv(variable);
  if (program == nullptr) {
    std::fprintf(stderr, "$%s is not set: run this test through Bazel\n", variable);
    std::abort();
  }
  // Bazel gives it relative to where it starts the test.
  std::vector<std::string> command = {std::filesystem::absolute(program).string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

std::vector<std::string> ServerCommand(const std::vector<std::string>& arguments) {
  return Command("UDSECHO_SERVER", arguments);
}

std::vector<std::string> ClientCommand(const std::vector<std::string>& arguments) {
  return Command("UDSECHO_CLIENT", arguments);
}

support::Finished RunServer(const std::vector<std::string>& arguments,
                            const support::SpawnOptions& options) {
  return support::RunToEnd(ServerCommand(arguments), "", options);
}

support::Finished RunClient(const std::vector<std::string>& arguments, absl::string_view input,
                            const support::SpawnOptions& options) {
  return support::RunToEnd(ClientCommand(arguments), input, options);
}

size_t LongestLine(absl::string_view text) {
  size_t longest = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    longest = std::max(longest, line.size());
  }
  return longest;
}

bool IsOneLine(absl::string_view text) {
  return absl::ConsumeSuffix(&text, "\n") && !text.empty() &&
         std::none_of(text.begin(), text.end(), absl::ascii_iscntrl);
}

}  // namespace udsecho::integration
