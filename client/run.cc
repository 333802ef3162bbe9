// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/run.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/program.h"
#include "client/ask/ask.h"
#include "client/bench/bench.h"
#include "client/call/call_method.h"
#include "client/command_line/header_file.h"
#include "client/command_line/parse.h"
#include "client/command_line/retry_file.h"
#include "client/connection.h"
#include "client/echo_client.h"
#include "client/exit_code.h"
#include "client/grpcurl/print_grpcurl.h"
#include "client/memory_guard.h"
#include "client/monotonic.h"
#include "client/options.h"
#include "client/output.h"
#include "client/retry/attempts.h"
#include "client/send.h"
#include "client/sending.h"
#include "client/statistics.h"
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
      return asking.options->watch ? WatchHealth(asking) : AskHealth(asking);
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

// Makes connections, and tells of them.
class Dialer {
 public:
  Dialer(const Target& target, const Options& options, Progress* progress, Interrupt* interrupt)
      : target_(target), options_(options), progress_(*progress), interrupt_(*interrupt) {}

  absl::StatusOr<std::unique_ptr<EchoClient>> Connect(MonotonicTime wait_until) {
    if (options_.call.retry.has_value()) return ConnectByGrpc(wait_until);
    const MonotonicTime begin = MonotonicNow();
    absl::StatusOr<uds::UniqueFd> fd = target_.ConnectWaiting(
        options_.call.timeout, wait_until, &interrupt_, [this] { TellOfWaiting(); });
    if (!fd.ok()) return fd.status();
    progress_.Tell(connected_ ? "Connected again after " : "Connected after ",
                   Milliseconds(MonotonicNow() - begin));
    connected_ = true;
    return std::make_unique<EchoClient>(*std::move(fd), target_.authority(), OfChannels());
  }

  // Once more, because the connection was lost. Only --health waits then for a server that was there; a
  // watch does so itself.
  absl::StatusOr<std::unique_ptr<EchoClient>> ConnectAgain(MonotonicTime wait_until) {
    const bool waits = options_.mode == Mode::kHealth && !options_.watch;
    return Connect(waits ? wait_until : -absl::InfiniteDuration());
  }

 private:
  ChannelOptions OfChannels() const {
    return {.keepalive = options_.call.keepalive,
            .timeout = options_.call.timeout,
            .accepts_compressed = options_.call.compression != Compression::kNone,
            .retry = options_.call.retry.has_value() ? &*options_.call.retry : nullptr};
  }

  // If calls wait for a connection, so does this, as long as a call. Else to connect is a part of each
  // call, and counts as one of its attempts.
  absl::StatusOr<std::unique_ptr<EchoClient>> ConnectByGrpc(MonotonicTime wait_until) {
    constexpr absl::Duration kLook = absl::Milliseconds(100);
    auto client = std::make_unique<EchoClient>(target_.Uri(), target_.authority(), OfChannels());
    const MonotonicTime begin = MonotonicNow();
    if (options_.call.retry->waits_for_ready()) {
      wait_until = std::max(wait_until, begin + options_.call.timeout);
    }
    bool connected = client->AwaitConnection(absl::ZeroDuration());
    bool told = false;
    while (!connected && MonotonicNow() < wait_until) {
      connected = client->AwaitConnection(std::min(kLook, wait_until - MonotonicNow()));
      if (interrupt_.triggered()) return absl::CancelledError("interrupted");
      if (!connected && !std::exchange(told, true)) TellOfWaiting();
    }
    if (connected) {
      progress_.Tell("Connected after ", Milliseconds(MonotonicNow() - begin));
    } else if (options_.call.retry->waits_for_ready()) {
      // gRPC does not say why.
      if (absl::StatusOr<uds::UniqueFd> fd = target_.Connect(kLook); !fd.ok()) return fd.status();
      return absl::DeadlineExceededError(
          absl::StrCat(target_.name(), ": no HTTP/2 connection within ",
                       absl::FormatDuration(MonotonicNow() - begin)));
    }
    return client;
  }

  void TellOfWaiting() {
    // The name is printable, and to escape it again would double its backslashes.
    progress_.Tell(absl::StrCat("Waiting for ", target_.name(), ": nobody is there"), "");
  }

  const Target& target_;
  const Options& options_;
  Progress& progress_;
  Interrupt& interrupt_;
  bool connected_ = false;
};

// What is asked of files instead of a server.
bool NeedsNoServer(const Options& options) {
  return !options.method.protosets.empty() &&
         (options.mode == Mode::kDescribe || options.mode == Mode::kList);
}

Outcome AskFiles(const Options& options, const Streams& streams, Interrupt* interrupt) {
  if (options.mode == Mode::kDescribe) {
    return DescribeIt({nullptr, "--protoset"}, options, streams, interrupt);
  }
  Output output(streams.out);
  return ListProtosets(options, Style::For(streams.out), &output);
}

Outcome RunAt(const Target& target, const Options& given, const Streams& streams,
              Interrupt* interrupt) {
  Progress progress(streams.err, given.verbosity);
  Options options = given;
  if (options.call.retry.has_value()) {
    // Calls that gRPC's threads still have may outlive `progress`, and tell nobody then.
    options.call.attempts =
        std::make_shared<Attempts>([err = streams.err, verbosity = given.verbosity](int attempt) {
          Progress(err, verbosity).Tell("Sent again: attempt ", absl::StrCat(attempt));
        });
  }
  progress.Starting(target.name());
  if (options.mode == Mode::kBench) return Bench(target, options, streams, interrupt);
  std::optional<MemoryGuard> guard;
  if (streams.bounds_memory) guard.emplace(streams.err);
  const MonotonicTime wait_until = MonotonicNow() + options.wait;
  Dialer dialer(target, options, &progress, interrupt);
  absl::StatusOr<std::unique_ptr<EchoClient>> client = dialer.Connect(wait_until);
  if (interrupt->triggered()) return Interrupted();
  if (!client.ok()) return ConnectError(client.status());

  Connection connection(*std::move(client), [&] { return dialer.ConnectAgain(wait_until); });
  const Server server = {&connection, target.name(), target.authority()};
  if (options.mode == Mode::kSend) return Send(server, options, streams, &progress, interrupt);
  if (options.mode == Mode::kCall) {
    return CallMethod(server, options, streams, &progress, interrupt);
  }
  if (options.mode == Mode::kDescribe) return DescribeIt(server, options, streams, interrupt);
  Output output(streams.out);
  return Ask({.connection = &connection,
              .address = target.name(),
              .options = &options,
              .output = &output,
              .interrupt = interrupt,
              .progress = &progress,
              .style = Style::For(streams.out),
              .wait_until = wait_until});
}

Outcome RunWith(Options options, const Streams& streams, Interrupt* interrupt) {
  if (absl::Status status = uds::EnterCallersDirectory(); !status.ok()) {
    return ConnectError(status);
  }
  if (Outcome read = ReadHeaderFiles(&options.call); !read.ok()) return read;
  if (Outcome read = ReadRetryFile(&options.call); !read.ok()) return read;
  if (NeedsNoServer(options) && !options.print_grpcurl) {
    return AskFiles(options, streams, interrupt);
  }
  const absl::StatusOr<Target> target = Target::Parse(options.address);
  if (!target.ok()) return ConnectError(target.status());
  if (options.print_grpcurl) return PrintGrpcurl(*target, options, streams);
  return RunAt(*target, options, streams, interrupt);
}

int Report(const Outcome& outcome, int err) {
  // If even this cannot be written, the exit code still tells.
  if (!outcome.error.empty()) {
    PrintNow(
        absl::StrCat(Style::For(err).Red(absl::StrCat(cli::ClientName(), ": ")), outcome.error),
        err);
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
