// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What becomes of connections: who is let in, who is told to go, and who is closed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"
#include "tests/support/patience.h"
#include "tests/support/status_matchers.h"
#include "uds/connect.h"

namespace udsecho::testing {
namespace {

using ::testing::HasSubstr;

uds::UniqueFd Dial(const HostedServer& server) {
  absl::StatusOr<uds::UniqueFd> fd =
      uds::Connect(*uds::Address::Parse(server.path()), absl::Seconds(10));
  EXPECT_THAT(fd, support::IsOk());
  return *std::move(fd);
}

// Waits for the server to close it.
bool IsClosed(const uds::UniqueFd& fd) {
  const support::Deadline deadline;
  pollfd hang_up{.fd = fd.get(), .events = 0, .revents = 0};
  return poll(&hang_up, 1, deadline.MillisecondsLeft()) == 1;
}

grpc::Status Ask(v1::Probe::Stub* stub) {
  grpc::ClientContext context;
  v1::ProbeReply reply;
  v1::ProbeRequest request;
  request.set_text("anybody there?");
  return stub->Ask(&context, request, &reply);
}

TEST(ConnectionsTest, ASilentOneIsClosedInTimeAndOthersAreServed) {
  HostedServer server({.limits = {.handshake_timeout = absl::Milliseconds(50)}});
  server.Start();
  const uds::UniqueFd silent = Dial(server);
  EXPECT_TRUE(IsClosed(silent));
  EXPECT_TRUE(Ask(v1::Probe::NewStub(server.Connect()).get()).ok());
  EXPECT_EQ(server.statistics().connections_silent, 1U);
}

TEST(ConnectionsTest, OneTooManyIsToldSoAndTheOthersStay) {
  HostedServer server({.limits = {.max_connections_per_uid = 2}});
  server.Start();
  const auto first = v1::Probe::NewStub(server.Connect());
  const auto second = v1::Probe::NewStub(server.Connect());
  EXPECT_TRUE(Ask(first.get()).ok());
  EXPECT_TRUE(Ask(second.get()).ok());
  const grpc::Status refused = Ask(v1::Probe::NewStub(server.Connect()).get());
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("2 connections"));
  EXPECT_TRUE(Ask(first.get()).ok());
  EXPECT_TRUE(Ask(second.get()).ok());
  EXPECT_EQ(server.statistics().connections_refused, 1U);
}

TEST(ConnectionsTest, WhoMayNotCallIsToldWhyOnEveryShape) {
  HostedServer server({.admit = [](const uds::PeerCredentials& peer) {
    return absl::PermissionDeniedError(absl::StrCat("uid ", peer.uid, " may not come in"));
  }});
  server.Start();
  const auto stub = v1::Probe::NewStub(server.Connect());
  v1::ProbeReply reply;
  grpc::ClientContext contexts[3];
  auto writer = stub->Collect(&contexts[0], &reply);
  auto talk = stub->Talk(&contexts[2]);
  for (const grpc::Status& denied :
       {Ask(stub.get()), writer->Finish(), stub->Expand(&contexts[1], v1::ProbeRequest())->Finish(),
        talk->Finish()}) {
    EXPECT_EQ(denied.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_THAT(denied.error_message(), HasSubstr("may not come in"));
  }
  EXPECT_EQ(server.statistics().calls_denied, 4U);
}

// Reads nothing at all: a socket by hand.
TEST(ConnectionsTest, WhoReadsNothingIsClosedInTimeAndOthersAreServed) {
  HostedServer server({.limits = {.send_timeout = absl::Milliseconds(100)}});
  server.Start();
  const uds::UniqueFd greedy = Dial(server);
  const std::string hello("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 24 + 9);
  ASSERT_EQ(send(greedy.get(), hello.data(), hello.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(hello.size()));
  const std::string settings("\0\0\0\4\0\0\0\0\0", 9);  // each of which is acknowledged
  const support::Deadline deadline;
  const auto stub = v1::Probe::NewStub(server.Connect());
  bool closed = false;
  while (!closed && !deadline.IsOver()) {
    if (send(greedy.get(), settings.data(), settings.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
      if (errno != EAGAIN) {
        closed = true;
      } else {
        EXPECT_TRUE(Ask(stub.get()).ok());
      }
    }
  }
  EXPECT_TRUE(closed);
  EXPECT_TRUE(Ask(stub.get()).ok());
  EXPECT_EQ(server.statistics().connections_unread, 1U);
}

}  // namespace
}  // namespace udsecho::testing
