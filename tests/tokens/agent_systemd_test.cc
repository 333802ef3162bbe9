// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The agent of examples/tokens as systemd runs it: with sockets that it is passed, and with notices that
// it sends.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "admin.grpc.pb.h"
#include "tests/integration/notice_reader.h"
#include "tests/support/spawned_process.h"
#include "tests/tokens/agent_process.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace tokens_test {
namespace {

using ::testing::HasSubstr;
using ::udsecho::integration::NoticeReader;

// Runs what follows as a service manager would: LISTEN_PID is the pid that exec(2) keeps.
const std::vector<std::string> kAsTheManager = {"/bin/sh", "-c", R"(LISTEN_PID=$$ exec "$@")",
                                                "sh"};

uds::UniqueFd Listening(const std::string& path) {
  const uds::Address address = uds::Address::Parse(path).value();
  uds::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(bind(fd.get(), address.socket_address(), address.socket_address_length()), 0);
  EXPECT_EQ(listen(fd.get(), SOMAXCONN), 0);
  return fd;
}

ino_t Inode(const std::string& path) {
  struct stat file = {};
  EXPECT_EQ(lstat(path.c_str(), &file), 0) << path;
  return file.st_ino;
}

class AgentSystemdTest : public ::testing::Test {
 protected:
  static std::string ForUs() {
    return absl::StrCat(R"({"audience": "db", "uids": [)", geteuid(), "]}");
  }
  static support::SpawnOptions Passing(const std::vector<int>& sockets, const std::string& names) {
    return {.directory = "",
            .environment = {absl::StrCat("LISTEN_FDS=", sockets.size()), "LISTEN_FDNAMES=" + names},
            .descriptors = sockets};
  }
  bool AdminAnswers() const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
    tokens::v1::ListIssuedReply reply;
    return tokens::v1::Admin::NewStub(agent_.ConnectAdmin())->ListIssued(&context, {}, &reply).ok();
  }

  AgentProcess agent_{ForUs(), AgentProcess::kNotStarted};
};

TEST_F(AgentSystemdTest, ServesSystemdsSocketsByName) {
  const uds::UniqueFd for_all = Listening(agent_.public_socket());
  const uds::UniqueFd admin = Listening(agent_.admin_socket());
  const ino_t before = Inode(agent_.public_socket());
  for (const auto& spawn : {Passing({for_all.get(), admin.get()}, "public:admin"),
                            Passing({admin.get(), for_all.get()}, "admin:public")}) {
    agent_.Start(spawn, kAsTheManager);
    EXPECT_TRUE(Issue(agent_.Connect(), "db").status.ok());
    EXPECT_TRUE(AdminAnswers());
    EXPECT_EQ(agent_.Stop(), 0);
    EXPECT_EQ(Inode(agent_.public_socket()), before);
  }
  // A client that comes while it is not there waits for the next one.
  const uds::Address address = uds::Address::Parse(agent_.public_socket()).value();
  uds::UniqueFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ASSERT_EQ(connect(client.get(), address.socket_address(), address.socket_address_length()), 0);
  agent_.Start(Passing({for_all.get(), admin.get()}, "public:admin"), kAsTheManager);
  EXPECT_TRUE(
      Issue(grpc::CreateInsecureChannelFromFd("localhost", client.release()), "db").status.ok());
  EXPECT_EQ(agent_.Stop(), 0);
}

TEST_F(AgentSystemdTest, RefusesOtherSocketsThanItsTwo) {
  const uds::UniqueFd for_all = Listening(agent_.public_socket());
  const uds::UniqueFd admin = Listening(agent_.admin_socket());
  EXPECT_EQ(agent_.StartInVain(Passing({for_all.get()}, "public"), kAsTheManager), 1);
  EXPECT_THAT(agent_.Log(), HasSubstr("tokens-admin.socket"));
  EXPECT_EQ(
      agent_.StartInVain(Passing({for_all.get(), admin.get(), admin.get()}, "public:admin:more"),
                         kAsTheManager),
      1);
  EXPECT_THAT(agent_.Log(), HasSubstr("'more'"));
  // The names are mixed up: administration would be at the socket for all.
  EXPECT_EQ(
      agent_.StartInVain(Passing({for_all.get(), admin.get()}, "admin:public"), kAsTheManager), 1);
  EXPECT_THAT(agent_.Log(), HasSubstr(agent_.public_socket()));
}

TEST_F(AgentSystemdTest, TellsSystemdHowItGoes) {
  NoticeReader notices;
  agent_.Start({.directory = "", .environment = {notices.variable()}});
  EXPECT_EQ(notices.Await("READY"), "1");
  agent_.Signal(SIGHUP);
  EXPECT_EQ(notices.Await("RELOADING"), "1");
  std::int64_t microseconds = 0;
  EXPECT_TRUE(absl::SimpleAtoi(notices.Await("MONOTONIC_USEC"), &microseconds));
  EXPECT_GT(microseconds, 0);
  EXPECT_EQ(notices.Await("READY"), "1");
  agent_.Configure("nonsense");
  agent_.Signal(SIGHUP);
  EXPECT_EQ(notices.Await("RELOADING"), "1");
  EXPECT_EQ(notices.Await("READY"), "1");  // as before
  EXPECT_EQ(notices.Count("WATCHDOG"), 0);
  EXPECT_EQ(agent_.Stop(), 0);
  EXPECT_EQ(notices.Await("STOPPING"), "1");
}

TEST_F(AgentSystemdTest, FeedsTheWatchdog) {
  NoticeReader notices;
  agent_.Start({.directory = "", .environment = {notices.variable(), "WATCHDOG_USEC=100000"}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(notices.Await("WATCHDOG"), "1");
  EXPECT_EQ(agent_.Stop(), 0);
}

}  // namespace
}  // namespace tokens_test
