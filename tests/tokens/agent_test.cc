// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The agent of examples/tokens, as its callers, its administrators and systemd see it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "admin.grpc.pb.h"
#include "tests/support/other_user.h"
#include "tests/support/spawned_process.h"
#include "tests/support/temp_dir.h"
#include "tests/tokens/agent_process.h"
#include "tokens.grpc.pb.h"

namespace tokens_test {
namespace {

using grpc::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uid_t kOther = 20001;
constexpr gid_t kGroup = 20033;

std::string Rule(const std::string& audience, uid_t uid) {
  return absl::StrCat(R"({"audience": ")", audience, R"(", "uids": [)", uid, "]}");
}

// A call of Watch for "db".
class Watch {
 public:
  explicit Watch(const AgentProcess& agent) : stub_(tokens::v1::Tokens::NewStub(agent.Connect())) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
    tokens::v1::IssueRequest request;
    request.set_audience("db");
    reader_ = stub_->Watch(&context_, request);
  }

  // Waits for the next one; empty at the end.
  std::string Next() {
    tokens::v1::Token token;
    return reader_->Read(&token) ? token.token() : "";
  }
  grpc::Status Finish() { return reader_->Finish(); }

 private:
  const std::unique_ptr<tokens::v1::Tokens::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<tokens::v1::Token>> reader_;
};

class AgentTest : public ::testing::Test {
 protected:
  std::string Rotate(bool revoke_old) {
    grpc::ClientContext context;
    tokens::v1::RotateRequest request;
    request.set_revoke_old(revoke_old);
    tokens::v1::RotateReply reply;
    const grpc::Status status =
        tokens::v1::Admin::NewStub(agent_.ConnectAdmin())->Rotate(&context, request, &reply);
    return status.ok() ? reply.ShortDebugString() : status.error_message();
  }
  bool IsValid(const std::string& token) {
    grpc::ClientContext context;
    tokens::v1::VerifyRequest request;
    request.set_audience("db");
    request.set_token(token);
    tokens::v1::VerifyReply reply;
    return tokens::v1::Tokens::NewStub(agent_.Connect())->Verify(&context, request, &reply).ok() &&
           reply.uid() == geteuid();
  }

  AgentProcess agent_{Rule("db", geteuid())};
};

TEST_F(AgentTest, ItsClientFetchesTokens) {
  const std::string fetch = std::getenv("TOKENS_FETCH");
  const support::Finished got = support::RunToEnd({fetch, agent_.public_socket(), "db"});
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_TRUE(IsValid(got.out.substr(0, got.out.find('\n'))));
  const support::Finished refused = support::RunToEnd({fetch, agent_.public_socket(), "web"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(refused.out, "");

  support::SpawnedProcess watch({fetch, agent_.public_socket(), "db", "--watch"});
  EXPECT_TRUE(IsValid(watch.out().Line(0)));
  EXPECT_EQ(Rotate(false), "");
  EXPECT_TRUE(IsValid(watch.out().Line(1)));
  EXPECT_EQ(agent_.Stop(), 0);
  EXPECT_EQ(watch.Wait(), 1);
}

TEST_F(AgentTest, ClientsFindItsMethodsByReflection) {
  const support::Finished got =
      support::RunToEnd({std::getenv("UDSECHO_CLIENT"), agent_.public_socket(), "--call=Issue",
                         "-d", R"({"audience":"db"})"});
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("\"token\""));
  const support::Finished list =
      support::RunToEnd({std::getenv("UDSECHO_CLIENT"), agent_.public_socket(), "--list"});
  EXPECT_THAT(list.out, HasSubstr("tokens.v1.Tokens"));
  EXPECT_THAT(list.out, Not(HasSubstr("tokens.v1.Admin")));
}

TEST_F(AgentTest, RefusesOtherUsersAndAudiences) {
  EXPECT_EQ(Issue(agent_.Connect(), "web").status.error_code(), StatusCode::PERMISSION_DENIED);
  if (!support::MayBeOthers()) GTEST_SKIP() << support::kNeedsRoot;
  EXPECT_EQ(Issue(agent_.ConnectAs(kOther), "db").status.error_code(),
            StatusCode::PERMISSION_DENIED);
  agent_.Configure(absl::StrCat(R"({"audience": "db", "gids": [)", kGroup, "]}"));
  agent_.Signal(SIGHUP);
  agent_.AwaitEvent("reloaded");
  EXPECT_TRUE(Issue(agent_.ConnectAs(kOther, {kGroup}), "db").status.ok());
  EXPECT_FALSE(Issue(agent_.ConnectAs(kOther), "db").status.ok());
}

TEST_F(AgentTest, WatchersGetRotatedTokens) {
  Watch watch(agent_);
  const std::string first = watch.Next();
  EXPECT_TRUE(IsValid(first));
  agent_.WriteKey("another secret, as long");
  EXPECT_EQ(Rotate(false), "key_changed: true");
  const std::string second = watch.Next();
  EXPECT_NE(first, second);
  EXPECT_TRUE(IsValid(first));
  EXPECT_TRUE(IsValid(second));
  EXPECT_EQ(Rotate(true), "");
  EXPECT_FALSE(IsValid(first));
  EXPECT_TRUE(IsValid(watch.Next()));
}

TEST_F(AgentTest, OnlyAdministratorsReachTheAdminSocket) {
  EXPECT_TRUE(Issue(agent_.Connect(), "db").status.ok());
  grpc::ClientContext context;
  tokens::v1::ListIssuedReply reply;
  EXPECT_TRUE(
      tokens::v1::Admin::NewStub(agent_.ConnectAdmin())->ListIssued(&context, {}, &reply).ok());
  ASSERT_EQ(reply.issued_size(), 1);
  EXPECT_EQ(reply.issued(0).uid(), geteuid());

  // Neither is served at the other's socket.
  grpc::ClientContext at_public;
  EXPECT_EQ(
      tokens::v1::Admin::NewStub(agent_.Connect())->ListIssued(&at_public, {}, &reply).error_code(),
      StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(Issue(agent_.ConnectAdmin(), "db").status.error_code(), StatusCode::UNIMPLEMENTED);

  struct stat socket = {};
  ASSERT_EQ(stat(agent_.admin_socket().c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0600U);
  if (!support::MayBeOthers()) GTEST_SKIP() << support::kNeedsRoot;
  EXPECT_FALSE(support::ConnectAs(kOther, agent_.admin_socket()).valid());
  EXPECT_EQ(errno, EACCES);
  // A caller that gets past the permissions is still refused by its uid.
  ASSERT_EQ(chmod(agent_.admin_socket().c_str(), 0666), 0);
  uds::UniqueFd fd = support::ConnectAs(kOther, agent_.admin_socket());
  grpc::ClientContext as_other;
  EXPECT_EQ(tokens::v1::Admin::NewStub(grpc::CreateInsecureChannelFromFd("localhost", fd.release()))
                ->ListIssued(&as_other, {}, &reply)
                .error_code(),
            StatusCode::PERMISSION_DENIED);
}

TEST_F(AgentTest, ReloadsWithoutLosingAStream) {
  Watch watch(agent_);
  EXPECT_NE(watch.Next(), "");
  agent_.Configure(absl::StrCat(Rule("db", geteuid()), ",", Rule("web", geteuid())));
  agent_.Signal(SIGHUP);
  EXPECT_TRUE(IsValid(watch.Next()));
  EXPECT_TRUE(Issue(agent_.Connect(), "web").status.ok());

  // A mistake changes nothing.
  agent_.Configure("{}");
  agent_.Signal(SIGHUP);
  agent_.AwaitEvent("reload_failed");
  EXPECT_TRUE(Issue(agent_.Connect(), "web").status.ok());

  agent_.Configure(Rule("web", geteuid()));
  agent_.Signal(SIGHUP);
  EXPECT_EQ(watch.Next(), "");
  EXPECT_EQ(watch.Finish().error_code(), StatusCode::PERMISSION_DENIED);
}

TEST_F(AgentTest, DrainsAndSaysNothingThatIsSecret) {
  Watch watch(agent_);
  const std::string token = watch.Next();
  const std::string other = Issue(agent_.Connect(), "db").token;
  agent_.WriteKey("too short");
  agent_.Signal(SIGHUP);
  agent_.AwaitEvent("reload_failed");
  agent_.Signal(SIGTERM);
  EXPECT_EQ(watch.Next(), "");
  EXPECT_EQ(watch.Finish().error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(agent_.Wait(), 0);
  for (const std::string& socket : {agent_.public_socket(), agent_.admin_socket()}) {
    EXPECT_NE(access(socket.c_str(), F_OK), 0) << socket;
  }
  for (const std::string& secret :
       {token, other, std::string("battery"), std::string("too short")}) {
    EXPECT_THAT(agent_.Log(), Not(HasSubstr(secret)));
  }
}

TEST(AgentStartTest, FailsWithoutAConfiguration) {
  const support::TempDir dir;
  const std::string agent = std::getenv("TOKENS_AGENT");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{agent}, {agent, dir.Path("none.json")}, {agent, dir.path()}}) {
    EXPECT_EQ(support::RunToEnd(command).exit_code, 1);
  }
}

std::string ReadInstalled(const std::string& name) {
  std::ifstream file("examples/tokens/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(AgentInstalledTest, StartsWithTheConfigurationOfTheExample) {
  const support::TempDir dir;
  std::ofstream(dir.Path("key")) << "correct horse battery staple";
  std::ofstream(dir.Path("agent.json")) << absl::StrReplaceAll(
      ReadInstalled("agent.json"), {{"/run/tokens", dir.path()}, {"/etc/tokens", dir.path()}});
  chmod(dir.Path("key").c_str(), 0600);
  chmod(dir.Path("agent.json").c_str(), 0600);
  support::SpawnedProcess agent({std::getenv("TOKENS_AGENT"), dir.Path("agent.json")});
  EXPECT_EQ(agent.err().Line(0), "tokens: serving");
  agent.Signal(SIGTERM);
  EXPECT_EQ(agent.Wait(), 0);
}

TEST(AgentInstalledTest, SystemdFindsNoFaultWithTheUnits) {
  constexpr char kSystemdAnalyze[] = "/usr/bin/systemd-analyze";
  if (access(kSystemdAnalyze, X_OK) != 0) GTEST_SKIP() << "needs " << kSystemdAnalyze;
  const support::TempDir dir;
  std::vector<std::string> command = {kSystemdAnalyze, "verify", "--man=no"};
  for (const char* unit : {"tokens.service", "tokens.socket", "tokens-admin.socket"}) {
    std::ofstream(dir.Path(unit)) << absl::StrReplaceAll(
        ReadInstalled(unit), {{"/usr/local/bin/tokens-agent", "/bin/true"}});
    command.push_back(dir.Path(unit));
  }
  const support::Finished verify = support::RunToEnd(command);
  EXPECT_EQ(verify.exit_code, 0);
  EXPECT_THAT(verify.err, Not(HasSubstr("tokens"))) << verify.err;
}

}  // namespace
}  // namespace tokens_test
