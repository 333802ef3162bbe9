// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/options.h"

#include <algorithm>
#include <cstdint>
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
#include "cli/address.h"
#include "cli/arguments.h"
#include "cli/completion.h"
#include "cli/duration.h"
#include "cli/flag.h"
#include "cli/help.h"
#include "cli/integer.h"
#include "cli/print.h"
#include "cli/program.h"
#include "cli/utf8.h"
#include "cli/version.h"
#include "server/exit_code.h"
#include "server/flag_file.h"
#include "server/limit_flags.h"
#include "server/metrics/exporter.h"
#include "server/socket_flags.h"
#include "uds/activation.h"
#include "uds/printable.h"

namespace udsecho {
namespace {

constexpr char kUsageText[] =
    "Usage: $PROGRAM ADDRESS [FLAGS]\n\n"
    "Serves udsecho.v1.Echo on a Unix socket. ADDRESS is its path (/tmp/sock1, sock1,\n"
    "unix:/tmp/sock1), or with --allow an abstract name (unix-abstract:NAME).\n";

constexpr char kNotes[] =
    "The server's own user and root are always allowed. Without --allow, all who can\n"
    "connect are.\n\n"
    "Write a flag's value after '=' or a space. A value in brackets, as in\n"
    "--access_log[=FILE], may be left out, and needs the '='. If a flag is given\n"
    "twice, the last one wins. TIME: 10s, 500ms, 1m30s, or seconds; inf where never\n"
    "makes sense. SIZE: 64MiB, 4MB, or bytes.\n\n"
    "SIGINT and SIGTERM drain: calls in flight go on for the grace period. A second\n"
    "one, half a second later or more, cuts them off. SIGHUP reads --flagfile and\n"
    "the names in --allow again, and opens log files anew; if that fails, all stays\n"
    "as it was. SIGUSR2 starts the program anew, with the same flags; the new server\n"
    "takes over, and this one drains. Started by systemd with a socket (LISTEN_FDS),\n"
    "the server serves that one, and ADDRESS may be left out.\n\n"
    "Exit status: 0 stopped, every call answered; 1 failed; 2 bad usage; 3 the\n"
    "address cannot be had; 4 stopped, but calls were cut off; 5 stuck: it could not\n"
    "stop, and gave up.\n";

constexpr absl::Duration kLongestGrace = absl::Hours(24);
constexpr absl::Duration kLongestBusyPoll = absl::Milliseconds(10);
constexpr int kMostShards = 64;

// A server of the same flags has ended by then, and its watchdog too.
constexpr absl::Duration kAfterGrace = absl::Seconds(2);

// The flags as they are typed.
struct Flags {
  std::string grace;
  std::string busy_poll;
  std::string log_format = "text";
  std::string log_level = "info";
  std::string log_file;
  std::string log_time;
  std::string access_log;
  std::string metrics;
  std::string flag_file;  // which ExpandFlagFiles() has read
  std::string reply;
  std::string shards = "1";
  SocketFlags socket;
  rpc::Limits limits;
  bool interop = false;
  std::string help;
  std::string completion;
  bool version = false;
  CLI::Option* grace_given = nullptr;
  CLI::Option* busy_poll_given = nullptr;
  CLI::Option* reply_given = nullptr;
  CLI::Option* access_log_given = nullptr;
};

// Of what may be 0.
absl::Duration ParseUpTo(const std::string& flag, const std::string& text, absl::Duration most) {
  const absl::StatusOr<absl::Duration> duration =
      cli::ParseDurationWithin(flag, text, absl::ZeroDuration(), most);
  if (!duration.ok()) throw CLI::ValidationError(std::string(duration.status().message()));
  return *duration;
}

std::string CheckReply(const std::string& text) {
  const size_t at = cli::FindInvalidUtf8(text);
  if (at == absl::string_view::npos) return text;
  throw CLI::ValidationError(absl::StrCat("--reply: not UTF-8 at its byte ", at + 1,
                                          ", so that no client could read it; convert it"));
}

uds::Address ParseAddress(const std::string& text) {
  const absl::Status word = cli::CheckAddressWord(text, cli::kServer);
  if (!word.ok()) throw CLI::ValidationError("ADDRESS", std::string(word.message()));
  absl::StatusOr<uds::Address> address = uds::Address::Parse(text);
  if (!address.ok()) {
    throw CLI::ValidationError("ADDRESS", std::string(address.status().message()));
  }
  return *std::move(address);
}

// Where the server is to listen: what is typed, what is handed in, or both if they are the same.
uds::Address ChooseAddress(const std::vector<std::string>& words,
                           const std::optional<uds::Address>& activated,
                           bool access_log_has_no_file) {
  if (words.size() > 1) {
    throw CLI::ValidationError(absl::StrCat(
        "'", words[1], "': there is only one ADDRESS, and it is already '", words[0], "'",
        access_log_has_no_file ? " (a file for the access log: --access_log=FILE)" : ""));
  }
  if (words.empty()) {
    if (activated.has_value()) return *activated;
    const bool not_ours = std::getenv("LISTEN_FDS") != nullptr;
    throw CLI::ValidationError(absl::StrCat(
        "ADDRESS is required: say where to listen, such as /tmp/sock1",
        not_ours ? "; $LISTEN_FDS and $LISTEN_PID hand in no socket for this process" : ""));
  }
  uds::Address address = ParseAddress(words[0]);
  if (activated.has_value()) {
    const absl::Status same = uds::CheckSameAddress(*activated, address);
    if (!same.ok()) throw CLI::ValidationError("ADDRESS", std::string(same.message()));
  }
  return address;
}

// Whether who may connect was said in a way that holds for such a socket.
void CheckPermissions(const Flags& flags, bool is_abstract, bool is_activated) {
  if (flags.socket.take_over && (is_abstract || is_activated)) {
    throw CLI::ValidationError(absl::StrCat(
        "--takeover: ",
        is_activated ? "the socket stays the service manager's; restart the service, or send it "
                       "SIGUSR2: no call is lost"
                     : "an abstract name cannot be taken over; stop the server that has it, or use "
                       "a path"));
  }
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

int ParseShards(const std::string& text) {
  const absl::StatusOr<int64_t> shards = cli::ParseInteger("--shards", text, 1, kMostShards);
  if (!shards.ok()) throw CLI::ValidationError(std::string(shards.status().message()));
  return static_cast<int>(*shards);
}

void DeclareHelp(CLI::App* app, Flags* flags) {
  app->add_flag("-h,--help", flags->help, "this screen")->type_name("[=all]")->group("Help");
  app->add_flag("--version", flags->version, "the server's version")->group("Help");
  app->add_option("--completion", flags->completion,
                  absl::StrCat("a script for the shell: source <(", cli::ServerName(),
                               " --completion=bash)"))
      ->type_name(cli::kShells)
      ->group("Help");
}

void Declare(CLI::App* app, Flags* flags) {
  app->set_help_flag();
  flags->grace_given =
      app->add_option("--grace", flags->grace, "How long calls in flight may go on at the end (8s)")
          ->type_name("TIME");
  flags->busy_poll_given =
      app->add_option("--busy_poll", flags->busy_poll,
                      "How long to look for the next event before sleeping (50us)")
          ->type_name("TIME");
  app->add_option("--shards", flags->shards, "How many threads handle calls (1)")->type_name("N");
  flags->reply_given =
      app->add_option("--reply", flags->reply, "Answer every message with this")->type_name("TEXT");
  app->add_option("--log_format", flags->log_format, "json: an object a line (text)")
      ->type_name("text|json");
  app->add_option("--log_level", flags->log_level, "the least that is logged (info)")
      ->type_name("debug|info|warn|error");
  app->add_option("--log_file", flags->log_file, "Where the log goes (standard error)")
      ->type_name("FILE");
  app->add_option("--log_time", flags->log_time,
                  "Lines of text begin with the time (true; for the journal, false)")
      ->type_name("true|false");
  flags->access_log_given = app->add_flag("--access_log", flags->access_log,
                                          "A line for each call, in the log or in a file")
                                ->type_name("[=FILE]");
  app->add_option("--metrics", flags->metrics,
                  "Metrics for Prometheus by HTTP, such as at 127.0.0.1:9464")
      ->type_name("ADDRESS:PORT")
      ->check([](const std::string& text) { return std::string(Exporter::Check(text).message()); });
  app->add_option("--flagfile", flags->flag_file, "More flags, one a line; SIGHUP reads it again")
      ->type_name("FILE");
  app->add_flag("--interop", flags->interop, "Serve gRPC's grpc.testing.TestService too");
  DeclareSocketFlags(app, &flags->socket);
  DeclareLimitFlags(app, &flags->limits);
  DeclareHelp(app, flags);
}

LogFormat FormatOf(const Flags& flags) {
  if (flags.log_format == "json") return LogFormat::kJson;
  const bool timed = flags.log_time.empty() ? !flags.log_file.empty() || !StandardErrorIsJournal()
                                            : flags.log_time == "true";
  return timed ? LogFormat::kTimedText : LogFormat::kText;
}

// Throws what the flags' own checks could not see.
Options ToOptions(const Flags& flags, const std::vector<std::string>& words,
                  const std::optional<uds::Address>& activated) {
  static const std::map<std::string, LogLevel> kLevels = {{"debug", LogLevel::kDebug},
                                                          {"info", LogLevel::kInfo},
                                                          {"warn", LogLevel::kWarn},
                                                          {"error", LogLevel::kError}};
  Options options{
      .address = ChooseAddress(words, activated,
                               flags.access_log_given->count() > 0 && flags.access_log.empty()),
      .listener = {},
      .allow = flags.socket.allow,
      .reply = {},
      .log = {},
      .interop = flags.interop,
      .metrics = flags.metrics,
      .server = {}};
  CheckPermissions(flags, options.address.is_abstract(), activated.has_value());
  options.listener.mode = flags.socket.mode.value_or(options.listener.mode);
  options.listener.group = flags.socket.group;
  if (flags.reply_given->count() > 0) options.reply = CheckReply(flags.reply);
  if (flags.grace_given->count() > 0)
    options.server.grace = ParseUpTo("--grace", flags.grace, kLongestGrace);
  options.listener.claim.allow_shared_directory = flags.socket.allow_shared_directory;
  options.listener.claim.take_over = flags.socket.take_over;
  options.listener.claim.wait =
      flags.socket.wait_for_path.value_or(options.server.grace + kAfterGrace);
  if (flags.busy_poll_given->count() > 0) {
    options.server.busy_poll = ParseUpTo("--busy_poll", flags.busy_poll, kLongestBusyPoll);
  }
  options.server.limits = flags.limits;
  options.server.shards = ParseShards(flags.shards);
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

Command End(const absl::Status& status, int failed) {
  if (status.ok()) return {.options = {}, .exit_code = kClean};
  // It may quote what was typed.
  std::cerr << cli::ServerName() << ": " << uds::Printable(status.message())
            << (failed == kUsage ? " (see --help)\n" : "\n");
  return {.options = {}, .exit_code = failed};
}

Command PrintAndEnd(absl::string_view text) { return End(cli::Print(text), kFailed); }

// What --help, --version and --completion ask for, if one of them was given.
std::optional<Command> Answer(const Flags& flags, CLI::App* app, absl::string_view program) {
  const std::vector<cli::Flag> all = cli::FlagsOf(app);
  if (!flags.help.empty()) {
    return PrintAndEnd(
        absl::StrCat(absl::StrReplaceAll(kUsageText, {{"$PROGRAM", cli::ServerName()}}), "\n",
                     cli::FlagTexts(all), "\n", kNotes));
  }
  if (flags.version) {
    return PrintAndEnd(absl::StrCat(cli::ServerName(), " (udsecho) ", cli::kVersion, ", ",
                                    cli::kVersionDate, "\n"));
  }
  if (flags.completion.empty()) return std::nullopt;
  const absl::StatusOr<std::string> script = cli::Completion(all, program, flags.completion);
  return script.ok() ? PrintAndEnd(*script + "\n") : End(script.status(), kUsage);
}

// A command line with its flag files.
struct CommandLine {
  CLI::App app;
  Flags flags;
  std::vector<std::string> words;
  std::vector<std::string> of_file;
};

absl::Status Read(int argc, const char* const* argv, CommandLine* line) {
  Declare(&line->app, &line->flags);
  absl::StatusOr<FlagFileArguments> arguments =
      ExpandFlagFiles(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  if (!arguments.ok()) return arguments.status();
  std::vector<const char*> all = {"server"};
  for (const std::string& argument : arguments->all) all.push_back(argument.c_str());
  absl::StatusOr<std::vector<std::string>> words =
      cli::Parse(&line->app, static_cast<int>(all.size()), all.data());
  if (!words.ok()) return words.status();
  line->words = *std::move(words);
  line->of_file = std::move(arguments->of_file);
  return absl::OkStatus();
}

absl::StatusOr<Options> Understand(const CommandLine& line,
                                   const std::optional<uds::Address>& activated) {
  try {
    CheckLimitsTogether(line.app, line.flags.limits);
    Options options = ToOptions(line.flags, line.words, activated);
    for (const std::string& flag : line.of_file) {
      if (!IsReloadable(flag)) options.fixed_lines.push_back(flag);
    }
    return options;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

}  // namespace

Command ParseCommandLine(int argc, const char* const* argv,
                         const std::optional<uds::Address>& activated) {
  CommandLine line;
  if (absl::Status read = Read(argc, argv, &line); !read.ok()) return End(read, kUsage);
  const absl::string_view program = argc > 0 ? argv[0] : cli::ServerName();
  if (std::optional<Command> answer = Answer(line.flags, &line.app, program)) {
    return *std::move(answer);
  }
  absl::StatusOr<Options> options = Understand(line, activated);
  if (!options.ok()) return End(options.status(), kUsage);
  return {.options = *std::move(options)};
}

absl::StatusOr<Options> ParseAgain(int argc, const char* const* argv,
                                   const std::optional<uds::Address>& activated) {
  CommandLine line;
  if (absl::Status read = Read(argc, argv, &line); !read.ok()) return read;
  return Understand(line, activated);
}

}  // namespace udsecho
