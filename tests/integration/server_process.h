// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The server, running, with its log as events (server/events.h names them).
//
//   ServerProcess server;                        // a path of its own; serves when this returns
//   ServerProcess other({.path = server.path(), .flags = {"--grace=1s"}});
//   RunClient({server.path(), "hello"});
//   EXPECT_EQ(server.Event("message_received")["fields"]["message"], "hello");
//   server.Signal(SIGTERM);
//   EXPECT_EQ(server.Wait(), kClean);
//
// Every wait ends after support::kPatience, with a failed expectation. Killed at the end.
//
// Thread safety: none.

#ifndef TESTS_INTEGRATION_SERVER_PROCESS_H_
#define TESTS_INTEGRATION_SERVER_PROCESS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "tests/integration/exit_codes.h"
#include "tests/integration/programs.h"
#include "tests/support/spawned_process.h"
#include "tests/support/temp_dir.h"

namespace udsecho::integration {

class ServerProcess {
 public:
  struct Options {
    std::string path;  // where to serve; empty: in a directory of its own
    std::vector<std::string> flags;
    support::SpawnOptions spawn;
    std::vector<std::string> by = {};  // a program and its arguments that runs the server's command
  };

  ServerProcess() : ServerProcess(Options{}) {}
  explicit ServerProcess(const Options& options);

  const std::string& path() const { return path_; }
  pid_t pid() const { return process_.pid(); }
  support::CapturedOutput& out() { return process_.out(); }

  // The log's line about the `nth` event of that name, from 1; waits for it. Null, and a failed
  // expectation, if it does not come.
  nlohmann::json Event(absl::string_view name, std::size_t nth = 1);

  // All of them, in order. Waits for the server's end.
  std::vector<nlohmann::json> AllEvents();

  // For people: what to look at after a failure.
  std::string LogSoFar() { return process_.err().SoFar(); }

  void Signal(int signal) { process_.Signal(signal); }

  // Its exit code (exit_codes.h), or 128 + a signal.
  int Wait() { return process_.Wait(); }

  // Asks it to stop, and gives its exit code.
  int Stop();

 private:
  const support::TempDir dir_;
  const std::string path_;
  support::SpawnedProcess process_;
};

// A line of the JSON log; null, and a failed expectation, if it is none.
nlohmann::json ParseLogLine(const std::string& line);

}  // namespace udsecho::integration

#endif  // TESTS_INTEGRATION_SERVER_PROCESS_H_
