// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/integration/server_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace udsecho::integration {
namespace {

std::vector<std::string> Command(const std::string& path, const ServerProcess::Options& options) {
  std::vector<std::string> arguments = {path, "--log_format=json"};
  // Tests that say nothing of shards are run with one and with several: see BUILD.bazel.
  if (const char* const shards = std::getenv("SERVER_SHARDS"); shards != nullptr) {
    arguments.push_back(absl::StrCat("--shards=", shards));
  }
  arguments.insert(arguments.end(), options.flags.begin(), options.flags.end());
  std::vector<std::string> command = options.by;
  for (std::string& word : ServerCommand(arguments)) command.push_back(std::move(word));
  return command;
}

}  // namespace

ServerProcess::ServerProcess(const Options& options)
    : path_(options.path.empty() ? dir_.Path("s") : options.path),
      process_(Command(path_, options), options.spawn) {
  Event("service_started");
}

nlohmann::json ServerProcess::Event(absl::string_view name, std::size_t nth) {
  const std::string wanted(name);
  for (std::size_t i = 0; process_.err().HasLine(i); ++i) {
    nlohmann::json event = ParseLogLine(process_.err().Line(i));
    if (event.is_object() && event["event"] == wanted && --nth == 0) return event;
  }
  ADD_FAILURE() << "no event " << name << "; the log:\n" << process_.err().SoFar();
  return {};
}

std::vector<nlohmann::json> ServerProcess::AllEvents() {
  process_.Wait();
  std::vector<nlohmann::json> events;
  for (std::size_t i = 0; process_.err().HasLine(i); ++i) {
    events.push_back(ParseLogLine(process_.err().Line(i)));
  }
  return events;
}

int ServerProcess::Stop() {
  Signal(SIGTERM);
  return Wait();
}

nlohmann::json ParseLogLine(const std::string& line) {
  nlohmann::json event = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (event.is_object() && event.contains("event")) return event;
  ADD_FAILURE() << "no line of the JSON log: " << line;
  return {};
}

}  // namespace udsecho::integration
