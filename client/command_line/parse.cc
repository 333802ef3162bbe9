// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/parse.h"

#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/version.h"
#include "client/command_line/completion.h"
#include "client/command_line/convert.h"
#include "client/command_line/flags.h"
#include "client/command_line/help.h"
#include "grpcpp/grpcpp.h"

namespace udsecho::client {
namespace {

// CLI11 takes "[a,b]" apart into "a" and "b", and drops "[]". A value that could look so to it goes
// in with a mark in front, and comes out without.
constexpr char kMark = '\x01';

std::string Marked(absl::string_view value) {
  const bool needs_mark = !value.empty() && (value[0] == '[' || value[0] == kMark);
  return needs_mark ? absl::StrCat(std::string(1, kMark), value) : std::string(value);
}

// --flag=[a,b]
std::string MarkedFlag(absl::string_view argument) {
  const size_t equals = argument.find('=');
  if (equals == absl::string_view::npos) return std::string(argument);
  return absl::StrCat(argument.substr(0, equals + 1), Marked(argument.substr(equals + 1)));
}

std::vector<std::string> MarkedBackwards(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  bool flags = true;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    const bool is_flag = flags && absl::StartsWith(argument, "--");
    arguments.push_back(is_flag ? MarkedFlag(argument) : Marked(argument));
    if (argument == "--") flags = false;
  }
  return {arguments.rbegin(), arguments.rend()};
}

void Unmark(RawOptions* raw) {
  for (std::string* value : raw->Texts()) {
    if (!value->empty() && value->front() == kMark) value->erase(0, 1);
  }
}

std::string Version() {
  return absl::StrCat("udsecho client ", cli::kVersion, " (gRPC ", grpc::Version(), ")");
}

Parsed End(Outcome outcome, std::string output = "") {
  return {std::nullopt, std::move(outcome), std::move(output)};
}

Parsed Help(const CLI::App& app, const std::string& which) {
  if (which == kNoValue) return End({}, ShortHelp(app));
  if (which == "all") return End({}, FullHelp(app));
  return End(UsageError(absl::StrCat("--help: there is no '", which, "'; write --help=all")));
}

Parsed Completion(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return End({}, BashCompletion(app));
  if (shell == "zsh") return End({}, ZshCompletion(app));
  return End(UsageError(absl::StrCat("--completion: '", shell, "' is not known; use bash or zsh")));
}

}  // namespace

Parsed Parse(int argc, const char* const* argv) {
  RawOptions raw;
  CLI::App app;
  DeclareFlags(&app, &raw);
  try {
    app.parse(MarkedBackwards(argc, argv));
  } catch (const CLI::ParseError& error) {
    return End(UsageError(absl::StrCat(error.what(), "; see client --help")));
  }
  Unmark(&raw);

  if (!raw.help.empty()) return Help(app, raw.help);
  if (raw.version) return End({}, Version());
  if (!raw.completion.empty()) return Completion(app, raw.completion);

  absl::StatusOr<Options> options = Convert(raw);
  if (!options.ok()) return End(UsageError(options.status().message()));
  return {*std::move(options), {}, ""};
}

}  // namespace udsecho::client
