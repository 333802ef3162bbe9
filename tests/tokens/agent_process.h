// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The agent of examples/tokens, running, with its configuration in a directory of its own.
//
//   AgentProcess agent(R"({"audience": "db", "uids": [1000]})");       // serves when this returns
//   grpc::Status status = agent.Issue(agent.Connect(), "db").status;
//   agent.Configure("");                                                // no rule
//   agent.Signal(SIGHUP);
//   agent.AwaitEvent("reloaded");
//   EXPECT_EQ(agent.Stop(), 0);
//
//   AgentProcess activated(rules, AgentProcess::kNotStarted);          // has its paths
//   activated.Start({.environment = {"LISTEN_FDS=2"}, ...}, by);
//
// Every wait ends after support::kPatience, with a failed expectation. Thread safety: none.

#ifndef TESTS_TOKENS_AGENT_PROCESS_H_
#define TESTS_TOKENS_AGENT_PROCESS_H_

#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/spawned_process.h"
#include "tests/support/temp_dir.h"
#include "tokens.grpc.pb.h"

namespace tokens_test {

struct Issued {
  grpc::Status status;
  std::string token;
};

// One call, which waits for a minute at the most.
Issued Issue(const std::shared_ptr<grpc::Channel>& channel, const std::string& audience);

class AgentProcess {
 public:
  // `rules` as in agent.json, without the brackets.
  explicit AgentProcess(const std::string& rules);
  enum NotStarted { kNotStarted };
  AgentProcess(const std::string& rules, NotStarted);

  // Serves when this returns. `by`: a program and its arguments that runs the agent's command. Again
  // after Stop(), if it should be another process with the same files.
  void Start(const support::SpawnOptions& spawn = {}, const std::vector<std::string>& by = {});
  // Its exit code, if it must not come to serving. The log is in Log() then.
  int StartInVain(const support::SpawnOptions& spawn, const std::vector<std::string>& by);

  // Writes the configuration; it is read at SIGHUP.
  void Configure(const std::string& rules);
  void WriteKey(const std::string& secret);

  std::string public_socket() const { return dir_.Path("public"); }
  std::string admin_socket() const { return dir_.Path("admin"); }

  // A channel with a connection of its own, to the public socket and to the admin's.
  std::shared_ptr<grpc::Channel> Connect() const;
  std::shared_ptr<grpc::Channel> ConnectAdmin() const;
  // Likewise to the public socket, by another user.
  std::shared_ptr<grpc::Channel> ConnectAs(uid_t uid, const std::vector<gid_t>& groups = {}) const;

  void Signal(int signal) { process_->Signal(signal); }
  // Waits for a line of the log that has this event's name, from the first line that was not looked at yet.
  void AwaitEvent(const std::string& name);
  // Asks it to stop, and gives its exit code.
  int Stop();
  int Wait() { return process_->Wait(); }
  // All of the log, once it has ended.
  std::string Log() { return process_->err().Whole(); }

 private:
  void Spawn(const support::SpawnOptions& spawn, const std::vector<std::string>& by);

  const support::TempDir dir_;
  std::unique_ptr<support::SpawnedProcess> process_;
  std::size_t next_line_ = 0;
};

}  // namespace tokens_test

#endif  // TESTS_TOKENS_AGENT_PROCESS_H_
