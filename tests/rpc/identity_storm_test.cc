// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Many short connections of several users, with handlers that outlive them: descriptors are reused
// all the while, and never may a call be taken for another connection's. Test 13 of
// docs/security.md.

#include <grpcpp/create_channel_posix.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"
#include "tests/support/other_user.h"

namespace udsecho::testing {
namespace {

constexpr int kUsers = 8;
constexpr int kConnectionsOfEach = 150;
constexpr uid_t kFirstUid = 20010;

// Connections of one user: half of them wait for an answer and look whose it is; the others are
// given up while their handler sleeps, so that their number is free for somebody else's.
class User {
 public:
  User(uid_t uid, const std::string& path, std::atomic<int>* answers)
      : uid_(uid), path_(path), answers_(*answers), thread_(&User::Run, this) {}
  ~User() { thread_.join(); }

 private:
  void Run() {
    for (int i = 0; i < kConnectionsOfEach; ++i) Connect(i);
  }

  void Connect(int i) {
    uds::UniqueFd fd = support::ConnectAs(uid_, path_);
    ASSERT_TRUE(fd.valid());
    const auto stub =
        v1::Probe::NewStub(grpc::CreateInsecureChannelFromFd("localhost", fd.release()));
    v1::ProbeRequest request;
    request.set_text("x");
    if (i % 2 == 0) {
      request.set_wait_ms(50);
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(i % 10));
      v1::ProbeReply reply;
      stub->Ask(&context, request, &reply);
      return;
    }
    request.set_wait_ms(i % 3);
    grpc::ClientContext context;
    v1::ProbeReply reply;
    const grpc::Status status = stub->Ask(&context, request, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(reply.peer_uid(), uid_);
    ++answers_;
  }

  const uid_t uid_;
  const std::string& path_;
  std::atomic<int>& answers_;
  std::thread thread_;
};

TEST(IdentityStormTest, T13ShortConnectionsAndSlowHandlersNeverAWrongIdentity) {
  if (!support::MayBeOthers()) GTEST_SKIP() << support::kNeedsRoot;
  HostedServer server;
  ASSERT_EQ(chmod(server.path().c_str(), 0666), 0);
  ASSERT_EQ(chmod(std::filesystem::path(server.path()).parent_path().c_str(), 0755), 0);
  server.Start();
  std::atomic<int> answers = 0;
  {
    std::vector<std::unique_ptr<User>> users;
    for (int i = 0; i < kUsers; ++i) {
      users.push_back(std::make_unique<User>(kFirstUid + i, server.path(), &answers));
    }
  }
  EXPECT_EQ(answers, kUsers * kConnectionsOfEach / 2);
}

}  // namespace
}  // namespace udsecho::testing
