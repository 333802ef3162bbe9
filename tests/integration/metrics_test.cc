// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --metrics: what Prometheus finds, asked for as it asks.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/integration/exit_codes.h"
#include "tests/integration/server_process.h"
#include "tests/support/temp_dir.h"
#include "uds/address.h"
#include "uds/connect.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(port));
  return address;
}

uds::UniqueFd ConnectTo(int port) {
  uds::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(port);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

// The whole answer to GET, with its header.
std::string Get(int port, const std::string& path) {
  const uds::UniqueFd fd = ConnectTo(port);
  const std::string request =
      absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(write(fd.get(), request.data(), request.size()), ssize_t(request.size()));
  std::string answer;
  char bytes[4096];
  for (ssize_t count = 0; (count = read(fd.get(), bytes, sizeof(bytes))) > 0;) {
    answer.append(bytes, static_cast<std::size_t>(count));
  }
  return answer;
}

// -1: it is not there.
double ValueOf(const std::string& metrics, const std::string& name) {
  for (const absl::string_view line : absl::StrSplit(metrics, '\n')) {
    if (absl::StartsWith(line, name + " ")) {
      return std::strtod(std::string(line.substr(name.size())).c_str(), nullptr);
    }
  }
  return -1;
}

int PortOf(const std::string& address) {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port)) << address;
  return port;
}

class MetricsTest : public ::testing::Test {
 protected:
  std::string Metrics() { return Get(port_, "/metrics"); }

  ServerProcess server_{{.path = "", .flags = {"--metrics=127.0.0.1:0"}, .spawn = {}}};
  const int port_ = PortOf(server_.Event("metrics_served")["fields"]["address"]);
};

TEST_F(MetricsTest, CallsByMethodAndCode) {
  EXPECT_EQ(RunClient({server_.path(), "a", "b"}).exit_code, kExitOk);
  EXPECT_EQ(RunClient({server_.path(), "x", "--fault=not_found"}).exit_code, 64 + 5);
  const std::string metrics = Metrics();
  const std::string echo = R"(grpc_service="udsecho.v1.Echo",grpc_method="Echo")";
  const auto handled = [&](const std::string& labels) {
    return ValueOf(metrics, absl::StrCat("grpc_server_handled_total{", labels, "}"));
  };
  EXPECT_EQ(handled(echo + R"(,grpc_code="OK")"), 2);
  EXPECT_EQ(handled(echo + R"(,grpc_code="NotFound")"), 1);
  const std::string seconds = "grpc_server_handling_seconds";
  EXPECT_EQ(ValueOf(metrics, absl::StrCat(seconds, "_count{", echo, "}")), 3);
  EXPECT_EQ(ValueOf(metrics, absl::StrCat(seconds, "_bucket{", echo, R"(,le="+Inf"})")), 3);
  EXPECT_GT(ValueOf(metrics, absl::StrCat(seconds, "_sum{", echo, "}")), 0);
  EXPECT_GE(ValueOf(metrics, "udsecho_bytes_received_total"), 3);
  EXPECT_EQ(ValueOf(metrics, "udsecho_calls_in_flight"), 0);
}

TEST_F(MetricsTest, PathsThatAreNotServedAreOne) {
  for (int i = 0; i < 20; ++i) {
    RunClient({server_.path(), absl::StrCat("--call=a.B/C", i), "-d", "{}"});
    EXPECT_NE(RunClient({server_.path(), "--list"}).exit_code, -1);
  }
  EXPECT_THAT(Metrics(), Not(HasSubstr("a.B")));
}

TEST_F(MetricsTest, WhatIsHeldAndItsBounds) {
  const std::string metrics = Metrics();
  EXPECT_EQ(ValueOf(metrics, "udsecho_memory_max_bytes"), 256 << 20);
  EXPECT_GE(ValueOf(metrics, "udsecho_memory_held_bytes"), 0);
  EXPECT_EQ(ValueOf(metrics, "udsecho_connections"), 0);
  EXPECT_EQ(ValueOf(metrics, "udsecho_draining"), 0);
  EXPECT_EQ(ValueOf(metrics, R"(udsecho_connections_ended_total{reason="flooded"})"), 0);
  EXPECT_GT(ValueOf(metrics, "process_resident_memory_bytes"), 1 << 20);
  EXPECT_GT(ValueOf(metrics, "process_open_fds"), 5);
}

TEST_F(MetricsTest, EachConnectionThatIsEndedHasOneReason) {
  const absl::StatusOr<uds::UniqueFd> client =
      uds::Connect(*uds::Address::Parse(server_.path()), absl::Seconds(5));
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_EQ(send(client->get(), "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL), 18);
  server_.Event("connection_refused");
  const std::string metrics = Metrics();
  EXPECT_EQ(ValueOf(metrics, R"(udsecho_connections_ended_total{reason="silent"})"), 1);
  EXPECT_EQ(ValueOf(metrics, R"(udsecho_connections_ended_total{reason="refused"})"), 0);
}

TEST_F(MetricsTest, OtherPathsAreNotThere) { EXPECT_THAT(Get(port_, "/"), HasSubstr("404")); }

// Whoever dawdles there holds up neither calls nor the end.
TEST_F(MetricsTest, ClientsThatSayNothingHoldNobodyUp) {
  std::vector<uds::UniqueFd> silent;
  for (int i = 0; i < 30; ++i) silent.push_back(ConnectTo(port_));
  EXPECT_EQ(RunClient({server_.path(), "hi"}).out, "hi\n");
  const absl::Time begin = absl::Now();
  EXPECT_EQ(server_.Stop(), kClean);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10));
}

TEST(MetricsRefusedTest, APortThatIsTakenIsToldAndNothingIsServed) {
  const uds::UniqueFd taken(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof(address);
  ASSERT_EQ(bind(taken.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(taken.get(), 1), 0);
  ASSERT_EQ(getsockname(taken.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  const support::TempDir dir;
  const std::string where = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  const support::Finished server = RunServer({dir.Path("s"), "--metrics=" + where});
  EXPECT_EQ(server.exit_code, kFailed);
  EXPECT_THAT(server.err, HasSubstr(where));
  EXPECT_THAT(server.err, HasSubstr("Address already in use"));
  EXPECT_NE(access(dir.Path("s").c_str(), F_OK), 0);
}

// As an administrator restarts it: the one before still drains.
TEST(MetricsRefusedTest, TheNextServerWaitsForThePortAsForThePath) {
  ServerProcess before({.path = "", .flags = {"--metrics=127.0.0.1:0"}, .spawn = {}});
  const std::string address = before.Event("metrics_served")["fields"]["address"];
  support::SpawnedProcess call(ClientCommand({before.path()}));
  ASSERT_TRUE(call.Write("one\n"));
  ASSERT_EQ(call.out().Line(0), "one");
  before.Signal(SIGTERM);
  before.Event("service_terminating");
  support::SpawnedProcess after(
      ServerCommand({before.path(), "--log_format=json", "--metrics=" + address}));
  EXPECT_EQ(ParseLogLine(after.err().Line(0))["event"], "path_awaited");
  call.CloseInput();
  EXPECT_EQ(before.Wait(), kClean);
  EXPECT_EQ(ParseLogLine(after.err().Line(1))["event"], "metrics_served");
  after.Signal(SIGTERM);
  EXPECT_EQ(after.Wait(), kClean);
}

TEST(MetricsRefusedTest, WhatIsNoAddressIsBadUsage) {
  const support::TempDir dir;
  for (const char* address : {"9464", "localhost:9464", "127.0.0.1", "127.0.0.1:99999", ":9464",
                              "127.0.0.1: 80", "127.0.0.1:+80", "127.0.0.1:", "[::1]:9464"}) {
    const support::Finished server =
        RunServer({dir.Path("s"), absl::StrCat("--metrics=", address)});
    EXPECT_EQ(server.exit_code, kUsage) << address;
  }
}

}  // namespace
}  // namespace udsecho::integration
