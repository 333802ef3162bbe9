// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/run.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/ask/ask.h"
#include "client/bench/bench.h"
#include "client/call/call_method.h"
#include "client/command_line/parse.h"
#include "client/connection.h"
#include "client/echo_client.h"
#include "client/exit_code.h"
#include "client/monotonic.h"
#include "client/options.h"
#include "client/output.h"
#include "client/send.h"
#include "client/sending.h"
#include "client/style.h"
#include "client/target.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "uds/callers_directory.h"

namespace udsecho::client {
namespace {

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// What goes wrong is told once, by us; the libraries speak only to whoever asked them to.
void SilenceLibraries() {
  google::protobuf::SetLogHandler(nullptr);
  if (IsSet("GRPC_VERBOSITY") || IsSet("GRPC_TRACE")) return;
  gpr_set_log_function([](gpr_log_func_args*) {});
}

Outcome PrintNow(absl::string_view text, int fd) {
  Output output(fd);
  absl::Status status = output.AddLine(text);
  status.Update(output.Flush());
  return status.ok() ? Outcome{} : OutputError(status);
}

Outcome Ask(const Asking& asking) {
  switch (asking.options->mode) {
    case Mode::kHealth:
      return AskHealth(asking);
    case Mode::kWhoAmI:
      return AskWhoAmI(asking);
    case Mode::kList:
      return AskList(asking);
    case Mode::kStats:
      return AskStats(asking);
    case Mode::kConnections:
      return AskConnections(asking);
    case Mode::kShutdown:
      return AskShutdown(asking);
    case Mode::kSend:
    case Mode::kCall:
    case Mode::kDescribe:
    case Mode::kBench:
      break;
  }
  return {};
}

Outcome RunWith(const Options& options, const Streams& streams, Interrupt* interrupt) {
  if (absl::Status status = uds::EnterCallersDirectory(); !status.ok()) {
    return ConnectError(status);
  }
  const absl::StatusOr<Target> target = Target::Parse(options.address);
  if (!target.ok()) return ConnectError(target.status());

  Progress progress(streams.err, options.verbosity);
  progress.Starting(target->name());
  if (options.mode == Mode::kBench) return Bench(*target, options, streams, interrupt);
  const MonotonicTime wait_until = MonotonicNow() + options.wait;
  absl::StatusOr<uds::UniqueFd> fd =
      target->ConnectWaiting(options.call.timeout, wait_until, interrupt);
  if (interrupt->triggered()) return Interrupted();
  if (!fd.ok()) return ConnectError(fd.status());

  const auto connect = [&]() -> absl::StatusOr<std::unique_ptr<EchoClient>> {
    // Only --health waits once more for a server that was there.
    absl::StatusOr<uds::UniqueFd> again =
        options.mode == Mode::kHealth
            ? target->ConnectWaiting(options.call.timeout, wait_until, interrupt)
            : target->Connect(options.call.timeout);
    if (!again.ok()) return again.status();
    return std::make_unique<EchoClient>(*std::move(again), target->authority());
  };
  Connection connection(std::make_unique<EchoClient>(*std::move(fd), target->authority()), connect);
  if (options.mode == Mode::kSend) {
    return Send({&connection, target->name()}, options, streams, &progress, interrupt);
  }
  if (options.mode == Mode::kCall) {
    return CallMethod({&connection, target->name()}, options, streams, &progress, interrupt);
  }
  if (options.mode == Mode::kDescribe) {
    return DescribeIt({&connection, target->name()}, options, streams, interrupt);
  }
  Output output(streams.out);
  return Ask({.connection = &connection,
              .address = target->name(),
              .options = &options,
              .output = &output,
              .interrupt = interrupt,
              .style = Style::For(streams.out),
              .wait_until = wait_until});
}

int Report(const Outcome& outcome, int err) {
  // If even this cannot be written, the exit code still tells.
  if (!outcome.error.empty()) {
    PrintNow(absl::StrCat(Style::For(err).Red("client: "), outcome.error), err);
  }
  return outcome.exit_code;
}

}  // namespace

int Run(int argc, const char* const* argv, const Streams& streams) {
  SilenceLibraries();
  Interrupt nothing;
  Interrupt* interrupt = streams.interrupt != nullptr ? streams.interrupt : &nothing;
  const Parsed parsed = Parse(argc, argv);
  if (parsed.options.has_value()) {
    return Report(RunWith(*parsed.options, streams, interrupt), streams.err);
  }
  if (!parsed.outcome.ok()) return Report(parsed.outcome, streams.err);
  return Report(PrintNow(parsed.output, streams.out), streams.err);
}

}  // namespace udsecho::client
