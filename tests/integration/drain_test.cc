// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A signal, and calls in flight: they complete, or are cut off and told so.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"
#include "tests/support/patience.h"
#include "uds/connect.h"

namespace udsecho::integration {
namespace {

namespace health = grpc::health::v1;

constexpr int64_t kHour = 3'600'000;

std::future<Answer> EchoAsync(const ServerProcess& server, int64_t delay_ms) {
  return std::async(std::launch::async, Echo, Connect(server.path()), Delayed("slow", delay_ms));
}

bool CanConnect(const ServerProcess& server) {
  return uds::Connect(*uds::Address::Parse(server.path()), absl::Seconds(5)).ok();
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

class SignalTest : public ::testing::TestWithParam<int> {};

TEST_P(SignalTest, DelayedCallCompletes) {
  ServerProcess server;
  std::future<Answer> slow = EchoAsync(server, 1000);
  server.Event("message_received");
  server.Signal(GetParam());
  EXPECT_EQ(server.Wait(), kClean);
  const Answer answer = slow.get();
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.response.message(), "slow");
  EXPECT_FALSE(Exists(server.path()));
}

TEST_P(SignalTest, IdleServerEndsAtOnce) {
  ServerProcess server;
  server.Signal(GetParam());
  EXPECT_EQ(server.Wait(), kClean);
  EXPECT_FALSE(Exists(server.path()));
}

INSTANTIATE_TEST_SUITE_P(Both, SignalTest, ::testing::Values(SIGTERM, SIGINT));

// The end does not depend on how long anything takes here: the stream is in flight for as long as
// the test wants.
TEST(DrainTest, StreamGoesOnWhileNewConnectionsAreRefused) {
  ServerProcess server;
  auto stub = v1::Echo::NewStub(Connect(server.path()));
  grpc::ClientContext context;
  auto stream = stub->Chat(&context);
  ASSERT_EQ(Say(stream.get(), "before"), "before");
  server.Signal(SIGTERM);
  const support::Deadline deadline;
  while (CanConnect(server) && !deadline.IsOver()) {
  }
  EXPECT_FALSE(CanConnect(server));
  EXPECT_TRUE(Exists(server.path()));
  EXPECT_EQ(RunClient({server.path(), "too late"}).exit_code, kExitNoConnection);
  EXPECT_EQ(Say(stream.get(), "during"), "during");
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(server.Wait(), kClean);
  EXPECT_FALSE(Exists(server.path()));
}

std::size_t CountDescriptors(const ServerProcess& server) {
  return std::distance(
      std::filesystem::directory_iterator(absl::StrCat("/proc/", server.pid(), "/fd")), {});
}

// Whether the server has ended the connection: waits for it.
bool IsEnded(const uds::UniqueFd& client) {
  const support::Deadline deadline;
  std::array<char, 4096> ignored;
  for (;;) {
    pollfd readable = {client.get(), POLLIN, 0};
    if (poll(&readable, 1, deadline.MillisecondsLeft()) != 1) return false;
    const ssize_t size = read(client.get(), ignored.data(), ignored.size());
    if (size == 0 || (size < 0 && errno == ECONNRESET)) return true;
  }
}

// They connected before the signal, and are accepted after it: found in the backlog.
TEST(DrainTest, ConnectionsAcceptedMeanwhileAreClosedAndLeaveNoDescriptor) {
  ServerProcess server({.path = "", .flags = {"--grace=1h"}, .spawn = {}});
  auto stub = v1::Echo::NewStub(Connect(server.path()));
  grpc::ClientContext context;
  auto stream = stub->Chat(&context);
  ASSERT_EQ(Say(stream.get(), "before"), "before");
  const std::size_t before = CountDescriptors(server);

  constexpr int kClients = 10;  // so that each has its line in the log
  std::vector<uds::UniqueFd> clients;
  server.Signal(SIGSTOP);
  // HTTP/2's preface and an empty SETTINGS frame: what a client says first.
  constexpr absl::string_view kHello("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(uds::Connect(*uds::Address::Parse(server.path()), absl::Seconds(5)).value());
    ASSERT_EQ(write(clients.back().get(), kHello.data(), kHello.size()), ssize_t{33});
  }
  server.Signal(SIGTERM);
  server.Signal(SIGCONT);
  server.Event("connection_opened", 1 + kClients);  // the stream's, and theirs
  clients.resize(kClients / 2);                     // these leave, the others just stay
  server.Event("connection_closed", kClients / 2);
  const support::Deadline deadline;
  const std::size_t expected = before + 2 * clients.size();  // a connection has two
  while (CountDescriptors(server) > expected && !deadline.IsOver()) {
  }
  EXPECT_LE(CountDescriptors(server), expected);

  EXPECT_EQ(Say(stream.get(), "during"), "during");
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(server.Wait(), kClean);
  for (const uds::UniqueFd& client : clients) EXPECT_TRUE(IsEnded(client));
}

TEST(DrainTest, HealthTellsFirst) {
  ServerProcess server;
  const std::shared_ptr<grpc::Channel> channel = Connect(server.path());
  grpc::ClientContext context;
  auto stream = v1::Echo::NewStub(channel)->Chat(&context);
  ASSERT_EQ(Say(stream.get(), "before"), "before");

  grpc::ClientContext watch_context;
  health::HealthCheckRequest service;
  service.set_service("udsecho.v1.Echo");
  auto watch = health::Health::NewStub(channel)->Watch(&watch_context, service);
  health::HealthCheckResponse state;
  do {
    ASSERT_TRUE(watch->Read(&state));
  } while (state.status() != health::HealthCheckResponse::SERVING);

  server.Signal(SIGTERM);
  ASSERT_TRUE(watch->Read(&state));
  EXPECT_EQ(state.status(), health::HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&state));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);

  EXPECT_EQ(Say(stream.get(), "after"), "after");
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(server.Wait(), kClean);
}

// Ctrl-C reaches a server twice through wrappers that pass it on, and people press it twice.
TEST(DrainTest, TwoSignalsAtOnceAreOneWish) {
  ServerProcess server({.path = "", .flags = {"--grace=1h"}, .spawn = {}});
  std::future<Answer> slow = EchoAsync(server, 1000);
  server.Event("message_received");
  server.Signal(SIGSTOP);  // so that it finds both
  server.Signal(SIGINT);
  server.Signal(SIGTERM);
  server.Signal(SIGCONT);
  EXPECT_EQ(server.Wait(), kClean);
  EXPECT_TRUE(slow.get().status.ok());
}

TEST(DrainTest, SecondSignalHalfASecondLaterCuts) {
  ServerProcess server({.path = "", .flags = {"--grace=1h"}, .spawn = {}});
  std::future<Answer> slow = EchoAsync(server, kHour);
  server.Event("message_received");
  server.Signal(SIGTERM);
  server.Event("service_terminating");
  const auto begin = std::chrono::steady_clock::now();
  while (slow.wait_for(std::chrono::milliseconds(10)) == std::future_status::timeout) {
    server.Signal(SIGINT);
  }
  // Less what passes between the wish and its line in the log.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(300));
  EXPECT_EQ(server.Wait(), kCallsCutOff);
  EXPECT_EQ(slow.get().status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(server.Event("calls_cut_off")["fields"]["count"], 1);
  EXPECT_FALSE(Exists(server.path()));
}

TEST(DrainTest, GraceOverCuts) {
  ServerProcess server({.path = "", .flags = {"--grace=200ms"}, .spawn = {}});
  std::future<Answer> first = EchoAsync(server, kHour);
  std::future<Answer> second = EchoAsync(server, kHour);
  server.Event("message_received", 2);
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kCallsCutOff);
  EXPECT_EQ(first.get().status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(second.get().status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(server.Event("calls_cut_off")["fields"]["count"], 2);
}

// Ctrl-Z, a debugger, a machine that sleeps: no handler is stuck for that.
TEST(DrainTest, TimeInWhichItWasStoppedIsNoReasonToGiveUp) {
  ServerProcess server({.path = "", .flags = {"--grace=200ms"}, .spawn = {}});
  std::future<Answer> slow = EchoAsync(server, kHour);
  server.Event("message_received");
  server.Signal(SIGTERM);
  server.Signal(SIGSTOP);
  poll(nullptr, 0, 1500);  // longer than the grace and the second after it
  server.Signal(SIGCONT);
  EXPECT_EQ(server.Wait(), kCallsCutOff);
  EXPECT_EQ(slow.get().status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

// Docker kills a container 10 s after SIGTERM.
TEST(DrainTest, ByDefaultItEndsBeforeDockerKillsIt) {
  ServerProcess server;
  std::future<Answer> slow = EchoAsync(server, kHour);
  server.Event("message_received");
  const auto begin = std::chrono::steady_clock::now();
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kCallsCutOff);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(slow.get().status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(DrainTest, CommandLineClientIsToldThatItWasCutOff) {
  ServerProcess server({.path = "", .flags = {"--grace=0"}, .spawn = {}});
  support::SpawnedProcess client(ClientCommand({server.path()}));
  client.Write("one\n");
  ASSERT_EQ(client.out().Line(0), "one");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kCallsCutOff);
  EXPECT_EQ(client.Wait(), kUnavailable);
  EXPECT_TRUE(IsOneLine(client.err().Whole())) << client.err().Whole();
}

}  // namespace
}  // namespace udsecho::integration
