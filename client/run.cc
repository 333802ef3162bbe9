// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/run.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/chat.h"
#include "client/command_line/parse.h"
#include "client/echo_client.h"
#include "client/exit_code.h"
#include "client/options.h"
#include "client/output.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "uds/address.h"
#include "uds/callers_directory.h"
#include "uds/connect.h"

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
  if (status.ok()) return {};
  return LocalIoError(absl::StrCat("standard output: ", status.message()));
}

// One after the other, to the first that fails.
Outcome SendEach(EchoClient* client, absl::string_view address, const Options& options, int out,
                 Progress* progress) {
  for (const std::string& message : options.messages) {
    std::string reply;
    const grpc::Status status = client->Echo(message, options.call.timeout, &reply);
    if (!status.ok()) return CallOutcome("Echo", address, status);
    progress->GotBack(reply);
    if (Outcome printed = PrintNow(reply, out); !printed.ok()) return printed;
  }
  return {};
}

Outcome RunWith(const Options& options, const Streams& streams) {
  if (absl::Status status = uds::EnterCallersDirectory(); !status.ok()) {
    return ConnectError(status);
  }
  const absl::StatusOr<uds::Address> address = uds::Address::Parse(options.address);
  if (!address.ok()) return ConnectError(address.status());

  const std::string name = address->ToString();
  Progress progress(streams.err, options.verbosity);
  progress.Starting(name);
  absl::StatusOr<uds::UniqueFd> connection = uds::Connect(*address, options.call.timeout);
  if (!connection.ok()) return ConnectError(connection.status());

  EchoClient client(*std::move(connection));
  if (!options.messages.empty()) {
    return SendEach(&client, name, options, streams.out, &progress);
  }
  Output output(streams.out);
  const ChatOptions chat = {.address = name, .timeout = options.call.timeout};
  return Chat(&client, chat, streams.in, &output, &progress);
}

int Report(const Outcome& outcome, int err) {
  // If even this cannot be written, the exit code still tells.
  if (!outcome.ok()) PrintNow(absl::StrCat("client: ", outcome.error), err);
  return outcome.exit_code;
}

}  // namespace

int Run(int argc, const char* const* argv, const Streams& streams) {
  SilenceLibraries();
  const Parsed parsed = Parse(argc, argv);
  if (parsed.options.has_value()) return Report(RunWith(*parsed.options, streams), streams.err);
  if (!parsed.outcome.ok()) return Report(parsed.outcome, streams.err);
  return Report(PrintNow(parsed.output, streams.out), streams.err);
}

}  // namespace udsecho::client
