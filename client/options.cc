// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/options.h"

#include <utility>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/duration.h"
#include "cli/utf8.h"
#include "grpcpp/grpcpp.h"

namespace udsecho::client {
namespace {

constexpr char kVersion[] = "0.1.0";

constexpr char kDescription[] =
    "Sends each MESSAGE to the Echo service at ADDRESS and prints each reply on a line.\n"
    "Without messages, sends the lines of standard input over one stream.";

constexpr char kFooter[] =
    "A message that begins with '-' goes after '--'. A reply is printed as it is, line feeds "
    "included.\n\n"
    "Exit codes: 0 all replies printed; 1 standard input or output failed; 2 bad usage;\n"
    "3 no connection; 64 + N the call failed with gRPC status code N (68: no reply in time).";

// CLI11 takes "[a,b]" apart into "a" and "b", and drops "[]". An argument that could look so to it
// goes in with a mark in front, and comes out without.
constexpr char kMark = '\x01';

bool NeedsMark(absl::string_view argument) {
  return !argument.empty() && (argument[0] == '[' || argument[0] == kMark);
}

std::vector<std::string> MarkedBackwards(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) {
    arguments.push_back(NeedsMark(argv[i]) ? absl::StrCat(std::string(1, kMark), argv[i])
                                           : std::string(argv[i]));
  }
  return arguments;
}

void Unmark(std::string* value) {
  if (!value->empty() && value->front() == kMark) value->erase(0, 1);
}

absl::StatusOr<absl::Duration> ParseTimeout(absl::string_view text) {
  absl::StatusOr<absl::Duration> timeout = cli::ParseDuration("--timeout", text);
  if (timeout.ok() && *timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--timeout: '", text, "' must be greater than zero, such as 5s or 500ms"));
  }
  return timeout;
}

absl::Status CheckMessages(const std::vector<std::string>& messages) {
  for (size_t i = 0; i < messages.size(); ++i) {
    const size_t at = cli::FindInvalidUtf8(messages[i]);
    if (at == absl::string_view::npos) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("message ", i + 1, " of ", messages.size(), " is not UTF-8 at its byte ",
                     at + 1, "; nothing was sent: convert it, for example with iconv"));
  }
  return absl::OkStatus();
}

std::string Version() {
  return absl::StrCat("udsecho client ", kVersion, " (gRPC ", grpc::Version(), ")");
}

Parsed End(Outcome outcome, std::string output = "") {
  return {std::nullopt, std::move(outcome), std::move(output)};
}

}  // namespace

Parsed Parse(int argc, const char* const* argv) {
  Options options;
  std::string timeout = "5s";
  bool verbose = false;

  CLI::App app(kDescription, "client");
  app.footer(kFooter);
  app.add_option("ADDRESS", options.address,
                 "/tmp/sock1, unix:relative/path, unix:///absolute/path or unix-abstract:name")
      ->required()
      ->type_name("");
  app.add_option("MESSAGE", options.messages, "UTF-8 text")->type_name("");
  app.add_option("--timeout", timeout,
                 "How long to wait for a connection, and then for each reply: seconds, or with a "
                 "unit; inf for ever. Default: 5s")
      ->type_name("DURATION");
  app.add_flag("-v,--verbose", verbose, "Tell on standard error what is done");
  app.set_version_flag("--version", Version());

  try {
    app.parse(MarkedBackwards(argc, argv));
  } catch (const CLI::CallForHelp&) {
    return End({}, std::string(absl::StripTrailingAsciiWhitespace(app.help())));
  } catch (const CLI::CallForVersion&) {
    return End({}, Version());
  } catch (const CLI::ParseError& error) {
    return End(UsageError(absl::StrCat(error.what(), "; see client --help")));
  }

  Unmark(&options.address);
  Unmark(&timeout);
  for (std::string& message : options.messages) Unmark(&message);

  const absl::StatusOr<absl::Duration> parsed_timeout = ParseTimeout(timeout);
  if (!parsed_timeout.ok()) return End(UsageError(parsed_timeout.status().message()));
  options.timeout = *parsed_timeout;
  if (verbose) options.verbosity = Verbosity::kVerbose;
  if (const absl::Status status = CheckMessages(options.messages); !status.ok()) {
    return End(UsageError(status.message()));
  }
  return {std::move(options), {}, ""};
}

}  // namespace udsecho::client
