// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the server says that it sees of its caller.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/version.h"
#include "tests/integration/calls.h"
#include "tests/integration/raw_call.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

class WhoAmITest : public ::testing::Test {
 protected:
  v1::WhoAmIResponse Ask(grpc::ClientContext* context) {
    v1::WhoAmIResponse response;
    const grpc::Status status = stub_->WhoAmI(context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::WhoAmIResponse Ask() {
    grpc::ClientContext context;
    return Ask(&context);
  }

  ServerProcess server_;
  std::unique_ptr<v1::Echo::Stub> stub_ = v1::Echo::NewStub(Connect(server_.path()));
};

TEST_F(WhoAmITest, TellsWhoConnected) {
  const v1::WhoAmIResponse response = Ask();
  EXPECT_EQ(response.uid(), geteuid());
  EXPECT_EQ(response.gid(), getegid());
  EXPECT_EQ(response.pid(), getpid());
  std::vector<gid_t> groups(getgroups(0, nullptr));
  groups.resize(getgroups(static_cast<int>(groups.size()), groups.data()));
  EXPECT_THAT(response.groups(), ::testing::ElementsAreArray(groups));
}

TEST_F(WhoAmITest, TellsOfTheConnection) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const v1::WhoAmIResponse first = Ask();
  const v1::WhoAmIResponse second = Ask();
  EXPECT_EQ(first.connection_calls(), 1U);
  EXPECT_EQ(second.connection_calls(), 2U);
  EXPECT_EQ(first.connection_id(), second.connection_id());
  EXPECT_GE(first.connected_at().seconds(), now.count() - 1);
  EXPECT_EQ(first.connected_at().nanos(), second.connected_at().nanos());
  stub_ = v1::Echo::NewStub(Connect(server_.path()));
  EXPECT_NE(Ask().connection_id(), first.connection_id());
}

TEST_F(WhoAmITest, TellsOfTheServer) {
  const v1::WhoAmIResponse response = Ask();
  EXPECT_EQ(response.server_version(), cli::kVersion);
  EXPECT_EQ(response.server_pid(), server_.pid());
}

TEST_F(WhoAmITest, TellsTheAuthorityAndMetadataThatArrived) {
  grpc::ClientContext context;
  context.set_authority("some.host:1");
  context.AddMetadata("x-text", "one");
  context.AddMetadata("x-text", "two");
  context.AddMetadata("x-bytes-bin", std::string("\0\xff", 2));
  const v1::WhoAmIResponse response = Ask(&context);
  EXPECT_EQ(response.authority(), "some.host:1");
  std::multimap<std::string, std::string> metadata;
  for (const v1::Metadata& entry : response.metadata()) {
    metadata.emplace(entry.key(), entry.value());
    EXPECT_FALSE(entry.key().empty() || entry.key()[0] == ':') << entry.key();
    EXPECT_NE(entry.key(), "te");
    EXPECT_NE(entry.key().substr(0, 5), "grpc-") << entry.key();
  }
  EXPECT_EQ(metadata.count("x-text"), 2U);
  EXPECT_EQ(metadata.count("user-agent"), 1U);
  EXPECT_EQ(metadata.find("x-bytes-bin")->second, std::string("\0\xff", 2));
}

TEST_F(WhoAmITest, TellsTheTimeLeft) {
  EXPECT_FALSE(Ask().has_time_left());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::hours(1));
  const v1::WhoAmIResponse response = Ask(&context);
  // Clients send three digits or so, rounded up.
  EXPECT_NEAR(static_cast<double>(response.time_left().seconds()), 3600, 100);
}

TEST_F(WhoAmITest, TellsHowTheRequestWasCompressed) {
  // A field that is unknown, so that there is something to compress.
  const std::string request = "zd" + std::string(100, 'x');
  for (const auto& [encoding, name] :
       {std::pair{GRPC_COMPRESS_NONE, "identity"}, std::pair{GRPC_COMPRESS_GZIP, "gzip"},
        std::pair{GRPC_COMPRESS_DEFLATE, "deflate"}}) {
    const RawReply reply =
        RawCall(ConnectRaw(server_.path(), kAllEncodings), "/udsecho.v1.Echo/WhoAmI",
                {.request = request, .encoding = encoding});
    v1::WhoAmIResponse response;
    ASSERT_TRUE(response.ParseFromString(reply.messages.at(0)));
    EXPECT_EQ(response.request_encoding(), name);
  }
}

}  // namespace
}  // namespace udsecho::integration
