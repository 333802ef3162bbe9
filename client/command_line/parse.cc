// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/parse.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/arguments.h"
#include "cli/completion.h"
#include "cli/program.h"
#include "cli/version.h"
#include "client/command_line/convert.h"
#include "client/command_line/flags.h"
#include "client/command_line/help.h"
#include "client/command_line/typed.h"
#include "grpcpp/grpcpp.h"

namespace udsecho::client {
namespace {

std::string Version() {
  return absl::StrCat(cli::ClientName(), " (udsecho) ", cli::kVersion, ", ", cli::kVersionDate,
                      ", with gRPC ", grpc::Version());
}

Parsed End(Outcome outcome, std::string output = "") {
  return {std::nullopt, std::move(outcome), std::move(output)};
}

std::string Help(const std::vector<cli::Flag>& flags, const std::string& which) {
  return which == "all" ? FullHelp(flags) : ShortHelp(flags);
}

// With what only gRPC knows.
std::vector<cli::Flag> FlagsWithHints(CLI::App* app) {
  std::vector<cli::Flag> flags = cli::FlagsOf(app);
  for (cli::Flag& flag : flags) {
    if (flag.name() != "--fault") continue;
    for (int code = 1; code <= 16; ++code) {
      flag.hints.push_back(CodeName(static_cast<grpc::StatusCode>(code)));
    }
  }
  return flags;
}

Parsed Completion(const std::vector<cli::Flag>& flags, absl::string_view program,
                  const std::string& shell) {
  absl::StatusOr<std::string> script = cli::Completion(flags, program, shell);
  return script.ok() ? End({}, *std::move(script)) : End(UsageError(script.status().message()));
}

}  // namespace

Parsed Parse(int argc, const char* const* argv) {
  RawOptions raw;
  CLI::App app;
  DeclareFlags(&app, &raw);
  absl::StatusOr<std::vector<std::string>> words = cli::Parse(&app, argc, argv);
  if (!words.ok()) {
    return End(
        UsageError(absl::StrCat(words.status().message(), "; see ", cli::ClientName(), " --help")));
  }
  if (!raw.help.empty()) return End({}, Help(cli::FlagsOf(&app), raw.help));
  if (raw.version) return End({}, Version());
  if (!raw.completion.empty()) {
    return Completion(FlagsWithHints(&app), argc > 0 ? argv[0] : cli::ClientName(), raw.completion);
  }

  if (!words->empty()) {
    raw.address = std::move(words->front());
    raw.messages.assign(std::make_move_iterator(words->begin() + 1),
                        std::make_move_iterator(words->end()));
  }
  // Any payload goes with an empty message if there is no other, and so does an empty one.
  const bool has_empty_payload = app.count("--payload") > 0 && raw.payload.empty();
  if (has_empty_payload && raw.messages.empty()) raw.messages.emplace_back();
  absl::StatusOr<Options> options = Convert(raw);
  if (!options.ok()) return End(UsageError(options.status().message()));
  options->command_line = Typed({argv, argv + argc});
  return {*std::move(options), {}, ""};
}

}  // namespace udsecho::client
