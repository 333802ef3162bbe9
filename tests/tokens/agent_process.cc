// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/tokens/agent_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/other_user.h"

namespace tokens_test {

Issued Issue(const std::shared_ptr<grpc::Channel>& channel, const std::string& audience) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
  tokens::v1::IssueRequest request;
  request.set_audience(audience);
  tokens::v1::Token token;
  grpc::Status status = tokens::v1::Tokens::NewStub(channel)->Issue(&context, request, &token);
  return {.status = status, .token = token.token()};
}

AgentProcess::AgentProcess(const std::string& rules) : AgentProcess(rules, kNotStarted) { Start(); }

AgentProcess::AgentProcess(const std::string& rules, NotStarted /*tag*/) {
  chmod(dir_.path().c_str(), 0755);  // other users come in
  WriteKey("correct horse battery staple");
  Configure(rules);
}

void AgentProcess::Start(const support::SpawnOptions& spawn, const std::vector<std::string>& by) {
  Spawn(spawn, by);
  AwaitEvent("serving");
}

int AgentProcess::StartInVain(const support::SpawnOptions& spawn,
                              const std::vector<std::string>& by) {
  Spawn(spawn, by);
  return Wait();
}

void AgentProcess::Spawn(const support::SpawnOptions& spawn, const std::vector<std::string>& by) {
  std::vector<std::string> command = by;
  command.emplace_back(std::getenv("TOKENS_AGENT"));
  command.push_back(dir_.Path("agent.json"));
  process_ = std::make_unique<support::SpawnedProcess>(command, spawn);
  next_line_ = 0;
}

void AgentProcess::Configure(const std::string& rules) {
  const std::string path = dir_.Path("agent.json");
  std::ofstream(path) << absl::StrCat(R"({"public_socket": ")", public_socket(),
                                      R"(", "admin_socket": ")", admin_socket(),
                                      R"(", "key_file": ")", dir_.Path("key"),
                                      R"(", "lifetime_seconds": 300, "rules": [)", rules, "]}");
  chmod(path.c_str(), 0600);
}

void AgentProcess::WriteKey(const std::string& secret) {
  std::ofstream(dir_.Path("key")) << secret;
  chmod(dir_.Path("key").c_str(), 0600);
}

std::shared_ptr<grpc::Channel> AgentProcess::Connect() const {
  return grpc::CreateChannel("unix:" + public_socket(), grpc::InsecureChannelCredentials());
}

std::shared_ptr<grpc::Channel> AgentProcess::ConnectAdmin() const {
  return grpc::CreateChannel("unix:" + admin_socket(), grpc::InsecureChannelCredentials());
}

std::shared_ptr<grpc::Channel> AgentProcess::ConnectAs(uid_t uid,
                                                       const std::vector<gid_t>& groups) const {
  uds::UniqueFd fd = support::ConnectAs(uid, public_socket(), groups);
  EXPECT_TRUE(fd.valid());
  return grpc::CreateInsecureChannelFromFd("localhost", fd.release());
}

void AgentProcess::AwaitEvent(const std::string& name) {
  const std::string begin = absl::StrCat("tokens: ", name);
  while (process_->err().HasLine(next_line_)) {
    const std::string line = process_->err().Line(next_line_++);
    if (line == begin || absl::StartsWith(line, begin + ":")) return;
  }
  ADD_FAILURE() << "no event " << name << "; the log:\n" << process_->err().SoFar();
}

int AgentProcess::Stop() {
  Signal(SIGTERM);
  return Wait();
}

}  // namespace tokens_test
