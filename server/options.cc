// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/options.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "cli/duration.h"
#include "cli/utf8.h"
#include "cli/version.h"
#include "server/exit_code.h"
#include "server/flag_file.h"
#include "server/limit_flags.h"
#include "server/socket_flags.h"
#include "uds/activation.h"
#include "uds/printable.h"

namespace udsecho {
namespace {

constexpr char kFooter[] =
    "The server's own user and root are always allowed. Without --allow, all who can connect are.\n"
    "TIME: 10s, 500ms, 1m30s, or seconds; inf where never makes sense. SIZE: 64MiB, 4MB, or "
    "bytes.\n"
    "SIGINT and SIGTERM drain: calls in flight go on for the grace period. A second one, half a\n"
    "second later or more, cuts them off. SIGHUP reads --flagfile and the names in --allow again,\n"
    "and opens log files anew; if that fails, all stays as it was.\n"
    "Started by systemd with a socket (LISTEN_FDS), it serves that one, and ADDRESS may be left "
    "out.\n\n"
    "Exit status: 0 stopped, every call answered; 1 failed; 2 bad usage; 3 the address cannot be\n"
    "had; 4 stopped, but calls were cut off; 5 stuck: it could not stop, and gave up.";

constexpr int kHelpColumn = 36;  // where descriptions begin: after the longest flag

constexpr absl::Duration kLongestGrace = absl::Hours(24);
constexpr absl::Duration kLongestBusyPoll = absl::Milliseconds(10);
constexpr int kMostShards = 64;

// The flags as they are typed.
struct Flags {
  std::string address;
  std::string grace;
  std::string busy_poll;
  std::string log_format = "text";
  std::string log_level = "info";
  std::string log_file;
  std::string log_time;
  std::string access_log;
  std::string flag_file;  // which ExpandFlagFiles() has read
  std::string reply;
  int shards = 1;
  SocketFlags socket;
  rpc::Limits limits;
  CLI::Option* address_given = nullptr;
  bool interop = false;
  CLI::Option* grace_given = nullptr;
  CLI::Option* busy_poll_given = nullptr;
  CLI::Option* reply_given = nullptr;
  CLI::Option* access_log_given = nullptr;
};

// Of what may be 0.
absl::Duration ParseUpTo(const std::string& flag, const std::string& text, absl::Duration most) {
  const absl::StatusOr<absl::Duration> duration = cli::ParseDuration(flag, text);
  if (!duration.ok()) throw CLI::ValidationError(std::string(duration.status().message()));
  if (*duration < absl::ZeroDuration() || *duration > most) {
    throw CLI::ValidationError(
        absl::StrCat(flag, ": must be from 0 to ", absl::FormatDuration(most)));
  }
  return *duration;
}

std::string CheckReply(const std::string& text) {
  const size_t at = cli::FindInvalidUtf8(text);
  if (at == absl::string_view::npos) return text;
  throw CLI::ValidationError(absl::StrCat("--reply: not UTF-8 at its byte ", at + 1,
                                          ", so that no client could read it; convert it"));
}

uds::Address ParseAddress(const std::string& text) {
  absl::StatusOr<uds::Address> address = uds::Address::Parse(text);
  if (!address.ok()) {
    throw CLI::ValidationError("ADDRESS", std::string(address.status().message()));
  }
  return *std::move(address);
}

// Where the server is to listen: what is typed, what is handed in, or both if they are the same.
uds::Address ChooseAddress(const Flags& flags, const std::optional<uds::Address>& activated) {
  if (flags.address_given->count() == 0) {
    if (activated.has_value()) return *activated;
    const bool not_ours = std::getenv("LISTEN_FDS") != nullptr;
    throw CLI::ValidationError(absl::StrCat(
        "ADDRESS is required: say where to listen, such as /tmp/sock1",
        not_ours ? "; $LISTEN_FDS and $LISTEN_PID hand in no socket for this process" : ""));
  }
  uds::Address address = ParseAddress(flags.address);
  if (activated.has_value()) {
    const absl::Status same = uds::CheckSameAddress(*activated, address);
    if (!same.ok()) throw CLI::ValidationError("ADDRESS", std::string(same.message()));
  }
  return address;
}

// Whether who may connect was said in a way that holds for such a socket.
void CheckPermissions(const Flags& flags, bool is_abstract, bool is_activated) {
  if (is_abstract && flags.socket.allow.empty()) {
    throw CLI::ValidationError("ADDRESS",
                               "an abstract name has no permissions, so that every user of this "
                               "machine could call; add --allow, or give a path, such as "
                               "/tmp/sock1");
  }
  if (!flags.socket.mode.has_value() && !flags.socket.group.has_value()) return;
  const std::string given = flags.socket.mode.has_value() ? "--mode" : "--group";
  if (is_activated) {
    throw CLI::ValidationError(absl::StrCat(
        given,
        ": the socket was made by the service manager; set SocketMode= and SocketGroup= in "
        "its unit instead"));
  }
  if (is_abstract) {
    throw CLI::ValidationError(
        absl::StrCat(given, ": an abstract name has no permissions; --allow decides alone"));
  }
}

void Declare(CLI::App* app, Flags* flags) {
  app->get_formatter()->column_width(kHelpColumn);
  flags->address_given = app->add_option("ADDRESS", flags->address,
                                         "Where to listen: /tmp/sock1, sock1, unix:/tmp/sock1")
                             ->type_name("");
  flags->grace_given =
      app->add_option("--grace", flags->grace, "How long calls in flight may go on at the end (8s)")
          ->type_name("TIME");
  flags->busy_poll_given =
      app->add_option("--busy_poll", flags->busy_poll,
                      "How long to look for the next event before sleeping (50us)")
          ->type_name("TIME");
  app->add_option("--shards", flags->shards, "How many threads handle calls (1)")
      ->check(CLI::Range(1, kMostShards))
      ->option_text("N");
  flags->reply_given =
      app->add_option("--reply", flags->reply, "Answer every message with this")->type_name("TEXT");
  app->add_option("--log_format", flags->log_format, "text, or json: an object a line (text)")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("FORMAT");
  app->add_option("--log_level", flags->log_level, "debug, info, warn or error (info)")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->option_text("LEVEL");
  app->add_option("--log_file", flags->log_file, "Where the log goes (standard error)")
      ->type_name("FILE");
  app->add_option("--log_time", flags->log_time,
                  "Lines of text begin with the time (true; for the journal, false)")
      ->check(CLI::IsMember({"true", "false"}))
      ->option_text("BOOL");
  flags->access_log_given =
      app->add_flag("--access_log", flags->access_log,
                    "A line for each call, in the log or in a file: --access_log=FILE");
  app->add_option("--flagfile", flags->flag_file, "More flags, one a line; SIGHUP reads it again")
      ->type_name("FILE");
  app->add_flag("--interop", flags->interop, "Serve gRPC's grpc.testing.TestService too");
  app->set_version_flag("--version", absl::StrCat("server (udsecho) ", cli::kVersion),
                        "Print the version and exit");
  DeclareSocketFlags(app, &flags->socket);
  DeclareLimitFlags(app, &flags->limits);
  app->footer(kFooter);
}

LogFormat FormatOf(const Flags& flags) {
  if (flags.log_format == "json") return LogFormat::kJson;
  const bool timed = flags.log_time.empty() ? !flags.log_file.empty() || !StandardErrorIsJournal()
                                            : flags.log_time == "true";
  return timed ? LogFormat::kTimedText : LogFormat::kText;
}

// Throws what the flags' own checks could not see.
Options ToOptions(const Flags& flags, const std::optional<uds::Address>& activated) {
  static const std::map<std::string, LogLevel> kLevels = {{"debug", LogLevel::kDebug},
                                                          {"info", LogLevel::kInfo},
                                                          {"warn", LogLevel::kWarn},
                                                          {"error", LogLevel::kError}};
  Options options{.address = ChooseAddress(flags, activated),
                  .listener = {},
                  .allow = flags.socket.allow,
                  .reply = {},
                  .log = {},
                  .interop = flags.interop,
                  .server = {}};
  CheckPermissions(flags, options.address.is_abstract(), activated.has_value());
  options.listener.mode = flags.socket.mode.value_or(options.listener.mode);
  options.listener.group = flags.socket.group;
  if (flags.reply_given->count() > 0) options.reply = CheckReply(flags.reply);
  if (flags.grace_given->count() > 0)
    options.server.grace = ParseUpTo("--grace", flags.grace, kLongestGrace);
  if (flags.busy_poll_given->count() > 0) {
    options.server.busy_poll = ParseUpTo("--busy_poll", flags.busy_poll, kLongestBusyPoll);
  }
  options.server.limits = flags.limits;
  options.server.shards = flags.shards;
  options.log.format = FormatOf(flags);
  options.log.level = kLevels.at(flags.log_level);
  options.log_paths.log = flags.log_file;
  // CLI11 says "true" of a flag without a value.
  if (flags.access_log == "true") {
    options.log_paths.access = "";
  } else if (flags.access_log_given->count() > 0 && flags.access_log != "false") {
    options.log_paths.access = flags.access_log;
  }
  return options;
}

// A command line with its flag files. Throws CLI::ParseError.
Options Parse(CLI::App* app, int argc, const char* const* argv,
              const std::optional<uds::Address>& activated) {
  Flags flags;
  Declare(app, &flags);
  absl::StatusOr<FlagFileArguments> arguments =
      ExpandFlagFiles(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  if (!arguments.ok()) throw CLI::ValidationError(std::string(arguments.status().message()));
  std::vector<const char*> all = {"server"};
  for (const std::string& argument : arguments->all) all.push_back(argument.c_str());
  app->parse(static_cast<int>(all.size()), all.data());
  CheckLimitsTogether(*app, flags.limits);
  Options options = ToOptions(flags, activated);
  for (std::string& line : arguments->of_file) {
    if (!IsReloadable(line)) options.fixed_lines.push_back(std::move(line));
  }
  return options;
}

}  // namespace

Command ParseCommandLine(int argc, const char* const* argv,
                         const std::optional<uds::Address>& activated) {
  CLI::App app("Serves udsecho.v1.Echo on a Unix socket.", "server");
  try {
    return {.options = Parse(&app, argc, argv, activated)};
  } catch (const CLI::CallForHelp&) {
    // It leaves two empty lines where one will do.
    std::cout << absl::StrReplaceAll(app.help(), {{"\n\n\n", "\n\n"}});
    return {.options = {}, .exit_code = kClean};
  } catch (const CLI::Success& asked) {  // --version
    app.exit(asked);
    return {.options = {}, .exit_code = kClean};
  } catch (const CLI::ParseError& error) {
    // It may quote what was typed.
    std::cerr << "server: " << uds::Printable(error.what()) << " (see --help)\n";
    return {.options = {}, .exit_code = kUsage};
  }
}

absl::StatusOr<Options> ParseAgain(int argc, const char* const* argv,
                                   const std::optional<uds::Address>& activated) {
  CLI::App app("", "server");
  try {
    return Parse(&app, argc, argv, activated);
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

}  // namespace udsecho
