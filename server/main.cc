// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <malloc.h>
#include <signal.h>

#include <iostream>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cli/program.h"
#include "rpc/stop_signals.h"
#include "server/daemon.h"
#include "server/events.h"
#include "server/library_log.h"
#include "server/log.h"
#include "server/log_files.h"
#include "server/options.h"
#include "server/successor.h"
#include "uds/activation.h"
#include "uds/callers_directory.h"
#include "uds/standard_descriptors.h"

namespace {

// Memory that a message took is kept for the next one. By default the C library gives the end of
// its heap back to the kernel once it is twice as long as the longest block that was ever freed.
// With messages of 1 MiB that is after nearly each of them, and the kernel makes each page anew:
// tools/bench/levers.md has what that costs. rpc/call/memory_trim.h gives all of it back when the
// server is quiet.
void KeepFreedMemory() {
  constexpr int kKept = 8 << 20;              // bytes: two of the longest messages
  constexpr int kOnPagesOfItsOwn = 32 << 20;  // bytes, and more: where it stands after large blocks
  mallopt(M_TRIM_THRESHOLD, kKept);
  mallopt(M_MMAP_THRESHOLD, kOnPagesOfItsOwn);
}

// With its logs, which the surroundings lack.
int Serve(const udsecho::Options& options, uds::UniqueFd listening,
          udsecho::Surroundings surroundings) {
  const udsecho::LogFiles& files = *surroundings.log_files;
  udsecho::LogOptions log_options = options.log;
  log_options.fd = files.log_fd();
  udsecho::Log log(log_options);
  surroundings.log = &log;
  std::optional<udsecho::Log> access_log;
  if (files.access_fd() >= 0) {
    log_options.fd = files.access_fd();
    surroundings.access_log = &access_log.emplace(log_options);
  } else if (options.log_paths.access.has_value()) {
    surroundings.access_log = &log;
  }
  const udsecho::LibraryLog library_log(&log);
  const udsecho::ExitCode code = udsecho::RunDaemon(options, std::move(listening), surroundings);
  if (access_log.has_value()) {
    const bool all = access_log->Finish();
    if (!all || access_log->lost() > 0) {
      udsecho::ServiceEvents(&log).AccessLinesLost(access_log->lost(), all);
    }
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  uds::OccupyStandardDescriptors();
  // Debian builds abseil without NDEBUG, and every mutex then looks for deadlocks: what that costs
  // is in tools/bench/levers.md.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  KeepFreedMemory();
  // Before any thread starts. Whether they could be had is looked at once there is a log.
  const rpc::SignalDescriptor stop({SIGINT, SIGTERM});
  const rpc::SignalDescriptor others({SIGHUP, SIGUSR2, SIGCHLD});
  udsecho::Successor successor(argv);
  const std::optional<udsecho::Predecessor> predecessor = udsecho::Predecessor::Take();

  if (const absl::Status entered = uds::EnterCallersDirectory(); !entered.ok()) {
    std::cerr << udsecho::cli::ServerName() << ": " << entered.message() << '\n';
    return udsecho::kFailed;
  }
  absl::StatusOr<std::optional<uds::ActivatedSocket>> given = uds::TakeActivatedSocket();
  if (!given.ok()) {
    std::cerr << udsecho::cli::ServerName() << ": " << given.status().message() << '\n';
    return udsecho::kAddressRefused;
  }
  uds::UniqueFd listening;
  std::optional<uds::Address> activated;
  if (given->has_value()) {
    listening = std::move((*given)->fd);
    activated = (*given)->address;
  }
  const udsecho::Command command = udsecho::ParseCommandLine(argc, argv, activated);
  if (!command.options.has_value()) return command.exit_code;

  const udsecho::Options& options = *command.options;

  absl::StatusOr<udsecho::LogFiles> files = udsecho::LogFiles::Open(options.log_paths);
  if (!files.ok()) {
    std::cerr << udsecho::cli::ServerName() << ": " << files.status().message() << '\n';
    return udsecho::kFailed;
  }
  try {
    return Serve(options, std::move(listening),
                 {.stop = &stop,
                  .others = &others,
                  .successor = &successor,
                  .predecessor = predecessor.has_value() ? &*predecessor : nullptr,
                  .log_files = &*files,
                  .reload = [&] { return udsecho::ParseAgain(argc, argv, activated); }});
  } catch (const std::system_error& error) {  // of std::thread, such as the log's
    std::cerr << udsecho::cli::ServerName() << ": cannot start a thread: " << error.code().message()
              << "; raise `ulimit -u`, or TasksMax= of the service\n";
    return udsecho::kFailed;
  }
}
