// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What becomes of connections: who is let in, who is told to go, and who is closed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "http2/first_bytes.h"
#include "rpc/wire/message_reader.h"
#include "tests/http2/frames.h"
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
  EXPECT_EQ(server.statistics().connections_refused, 1U);
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

// What a client sends that asks for a million answers and has room for all of them.
std::string GreedyCall() {
  v1::ProbeRequest request;
  request.set_text(std::string(100, 'x'));
  request.set_count(1'000'000);
  const std::string bytes = request.SerializeAsString();
  std::string framed(rpc::wire::kPrefixBytes, '\0');
  rpc::wire::WritePrefix(false, bytes.size(), framed.data());
  return absl::StrCat(http2::kPreface,
                      http2::SettingsFrame({{http2::kInitialWindowSize, 0x7fffffff}}),
                      http2::WindowUpdateFrame(0, 0x7fff0000),
                      http2::HeadersFrame(1,
                                          {{":method", "POST"},
                                           {":scheme", "http"},
                                           {":path", "/udsecho.testing.v1.Probe/Expand"},
                                           {":authority", "localhost"},
                                           {"content-type", "application/grpc"}},
                                          http2::kEndHeaders),
                      http2::DataFrame(1, framed + bytes, http2::kEndStream));
}

// Reads nothing at all: a socket by hand.
TEST(ConnectionsTest, WhoReadsNothingIsClosedInTimeAndOthersAreServed) {
  HostedServer server({.limits = {.send_timeout = absl::Milliseconds(100)}});
  server.Start();
  const uds::UniqueFd greedy = Dial(server);
  const std::string call = GreedyCall();
  ASSERT_EQ(send(greedy.get(), call.data(), call.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(call.size()));
  const auto stub = v1::Probe::NewStub(server.Connect());
  const support::Deadline deadline;
  // Its end is counted a moment after the client can see it.
  while (server.statistics().connections_unread == 0 && !deadline.IsOver()) {
    EXPECT_TRUE(Ask(stub.get()).ok());
  }
  EXPECT_TRUE(IsClosed(greedy));
  EXPECT_TRUE(Ask(stub.get()).ok());
  EXPECT_EQ(server.statistics().connections_unread, 1U);
  EXPECT_EQ(server.statistics().connections_flooded, 0U);
}

// Sends and sends what carries nothing, and reads it all.
TEST(ConnectionsTest, WhoFloodsIsClosedAndOthersAreServed) {
  HostedServer server;
  server.Start();
  const uds::UniqueFd flooder = Dial(server);
  const std::string hello = absl::StrCat(http2::kPreface, http2::SettingsFrame({}));
  ASSERT_EQ(send(flooder.get(), hello.data(), hello.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(hello.size()));
  const std::string settings = http2::SettingsFrame({});  // each of which is acknowledged
  const auto stub = v1::Probe::NewStub(server.Connect());
  const support::Deadline deadline;
  while (server.statistics().connections_flooded == 0 && !deadline.IsOver()) {
    static_cast<void>(
        send(flooder.get(), settings.data(), settings.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    char acknowledged[4096];
    static_cast<void>(recv(flooder.get(), acknowledged, sizeof(acknowledged), MSG_DONTWAIT));
  }
  EXPECT_TRUE(IsClosed(flooder));
  EXPECT_TRUE(Ask(stub.get()).ok());
  EXPECT_EQ(server.statistics().connections_flooded, 1U);
}

// What it speaks instead is told to the program, by its first bytes.
TEST(ConnectionsTest, AnotherProtocolIsClosedAtOnceAndTold) {
  class Refusals final : public rpc::ServerEvents {
   public:
    void ConnectionRefused(const absl::Status& why, const rpc::Connection* /*its*/) override {
      const std::lock_guard<std::mutex> lock(mutex_);
      told_.push_back(why);
    }
    std::vector<absl::Status> told() {
      const std::lock_guard<std::mutex> lock(mutex_);
      return told_;
    }

   private:
    std::mutex mutex_;
    std::vector<absl::Status> told_;
  } refusals;
  // So that nothing but its bytes ends it.
  HostedServer server({.limits = {.handshake_timeout = absl::Hours(1)}}, &refusals);
  server.Start();
  const std::vector<std::pair<std::string, std::string>> all = {
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1"},
      {"\x16\x03\x01", "TLS"},
      {"PRI * HTTP/2.1\r\n", "HTTP/1"},
      {std::string(1, '\0'), "not HTTP/2"}};
  std::size_t count = 0;
  for (const auto& [says, what] : all) {
    const uds::UniqueFd client = Dial(server);
    ASSERT_EQ(send(client.get(), says.data(), says.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(says.size()));
    EXPECT_TRUE(IsClosed(client)) << what;
    ++count;
    const support::Deadline deadline;
    while (refusals.told().size() < count && !deadline.IsOver()) std::this_thread::yield();
    const std::vector<absl::Status> told = refusals.told();
    ASSERT_EQ(told.size(), count);
    EXPECT_THAT(told.back(),
                support::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what)));
  }
  EXPECT_EQ(server.statistics().connections_silent, all.size());
  EXPECT_EQ(server.statistics().connections_refused, all.size());
}

// Of the preface and SETTINGS: nothing, a part, and the preface alone.
TEST(ConnectionsTest, WhoSaysTooLittleIsClosedInTime) {
  HostedServer server({.limits = {.handshake_timeout = absl::Milliseconds(50)}});
  server.Start();
  std::vector<uds::UniqueFd> clients;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{12}, http2::kPreface.size()}) {
    clients.push_back(Dial(server));
    ASSERT_EQ(send(clients.back().get(), http2::kPreface.data(), bytes, MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes));
  }
  for (const uds::UniqueFd& client : clients) EXPECT_TRUE(IsClosed(client));
  const support::Deadline deadline;
  while (server.statistics().connections_silent < 3 && !deadline.IsOver()) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server.statistics().connections_silent, 3U);
}

// The test's own end looks: a server that waits for one of them does not end.
TEST(ConnectionsTest, WhoLeavesWithoutAWordIsNoEvent) {
  HostedServer server({.limits = {.handshake_timeout = absl::Hours(1)}});
  server.Start();
  {
    const uds::UniqueFd silent = Dial(server);
    const uds::UniqueFd half = Dial(server);
    ASSERT_EQ(send(half.get(), "PRI *", 5, MSG_NOSIGNAL), 5);
  }
  EXPECT_TRUE(Ask(v1::Probe::NewStub(server.Connect()).get()).ok());
  EXPECT_EQ(server.StopAndJoin().calls_cut, 0U);
  EXPECT_EQ(server.statistics().connections_silent, 0U);
  EXPECT_EQ(server.statistics().connections_refused, 0U);
}

TEST(ConnectionsTest, WhoSpeaksByteByByteIsServed) {
  HostedServer server;
  server.Start();
  const uds::UniqueFd client = Dial(server);
  const std::string hello = absl::StrCat(http2::kPreface, http2::SettingsFrame({}));
  for (std::size_t i = 0; i < hello.size(); ++i) {
    EXPECT_THAT(server.server().Connections(), ::testing::IsEmpty()) << i;
    ASSERT_EQ(send(client.get(), &hello[i], 1, MSG_NOSIGNAL), 1);
  }
  const support::Deadline deadline;
  while (server.server().Connections().empty() && !deadline.IsOver()) std::this_thread::yield();
  EXPECT_EQ(server.server().Connections().size(), 1U);
}

}  // namespace
}  // namespace udsecho::testing
