// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/run.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/pipe.h"
#include "tests/client/run_client.h"
#include "tests/client/test_server.h"
#include "tests/support/temp_dir.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class RunTest : public testing::Test {
 protected:
  const support::TempDir dir_;
  const std::string path_ = dir_.Path("sock1");
};

TEST_F(RunTest, EachMessageIsAnsweredOnALine) {
  TestServer server(path_);
  const Ended result = RunClient({path_, "Test this string", "", "caf\xC3\xA9"});
  EXPECT_EQ(result.out, "Test this string\n\ncaf\xC3\xA9\n");
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_EQ(result.exit_code, 0);
}

TEST_F(RunTest, AllFormsOfAnAddress) {
  TestServer server(path_);
  for (const char* scheme : {"", "unix:", "unix://"}) {
    EXPECT_EQ(RunClient({absl::StrCat(scheme, path_), "x"}).out, "x\n") << scheme;
  }
}

TEST_F(RunTest, WithoutMessagesTheLinesOfStandardInput) {
  TestServer server(path_);
  const Ended result = RunClient({path_}, "one\ntwo");
  EXPECT_EQ(result.out, "one\ntwo\n");
  EXPECT_EQ(result.exit_code, 0);
}

TEST_F(RunTest, VerboseTellsOnStandardErrorAlone) {
  TestServer server(path_);
  const Ended result = RunClient({path_, "--verbose", "x"});
  EXPECT_EQ(result.out, "x\n");
  EXPECT_THAT(result.err, AllOf(StartsWith("INFO  Starting "), HasSubstr(path_),
                                HasSubstr("INFO  Got back: x\n")));
}

TEST_F(RunTest, NobodyListening) {
  const absl::Time start = absl::Now();
  const Ended missing = RunClient({path_, "x"});
  EXPECT_LT(absl::Now() - start, absl::Seconds(2)) << "gRPC's own connecting waits and retries";
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.out, IsEmpty());
  EXPECT_THAT(missing.err, AllOf(OneLine(), HasSubstr(path_)));

  const uds::UniqueFd file(open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const Ended no_socket = RunClient({path_, "x"});
  EXPECT_EQ(no_socket.exit_code, 3);
  EXPECT_THAT(no_socket.err, AllOf(OneLine(), HasSubstr(path_), HasSubstr("regular file")));
}

TEST_F(RunTest, ABadAddressIsBadUsage) {
  const Ended result = RunClient({dir_.Path(std::string(200, 'x')), "x"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, AllOf(OneLine(), HasSubstr("107")));
}

TEST_F(RunTest, BadUsage) {
  const Ended result = RunClient({path_, "--timeout=0"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, OneLine());
}

TEST_F(RunTest, HelpGoesToStandardOutput) {
  const Ended result = RunClient({"--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("ADDRESS"));
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(RunTest, StopsAtTheFirstError) {
  TestServer server(path_);
  std::atomic<int> calls = 0;
  server.service.echo = [&](grpc::ServerContext* context, const v1::EchoRequest* request,
                            v1::EchoResponse* response) {
    ++calls;
    if (request->message() == "bad") {
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "this one is\nbad");
    }
    return TestService::Reply(context, request, response);
  };
  const Ended result = RunClient({path_, "one", "bad", "two"});
  EXPECT_EQ(result.out, "one\n");
  EXPECT_THAT(result.err, AllOf(OneLine(), HasSubstr("INVALID_ARGUMENT"), HasSubstr("this one is"),
                                HasSubstr(path_)));
  EXPECT_EQ(result.exit_code, 67);
  EXPECT_EQ(calls, 2);
  server.Stop();
}

TEST_F(RunTest, AServerThatHangsIsATimeout) {
  TestServer server(path_);
  server.service.echo = [&](grpc::ServerContext* context, const v1::EchoRequest*,
                            v1::EchoResponse*) { return Hang(context); };
  const Ended result = RunClient({path_, "--timeout=50ms", "x"});
  EXPECT_EQ(result.exit_code, 68);
  EXPECT_THAT(result.err, AllOf(OneLine(), HasSubstr("DEADLINE_EXCEEDED: no reply within 50ms")));
  server.Stop();
}

TEST_F(RunTest, AServerThatSaysNothingIsATimeout) {
  // Listens and never accepts: the connection is had, and nothing comes of it.
  const uds::UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = uds::Address::Parse(path_);
  ASSERT_EQ(bind(listener.get(), address->socket_address(), address->socket_address_length()), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  EXPECT_EQ(RunClient({path_, "--timeout=50ms", "x"}).exit_code, 68);
  EXPECT_EQ(RunClient({path_, "--timeout=50ms"}, "x\n").exit_code, 68);
}

TEST_F(RunTest, AServerThatHangsUpIsUnavailable) {
  const uds::UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = uds::Address::Parse(path_);
  ASSERT_EQ(bind(listener.get(), address->socket_address(), address->socket_address_length()), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  std::thread server([&] {
    for (int i = 0; i < 2; ++i) close(accept(listener.get(), nullptr, nullptr));
  });
  const Ended unary = RunClient({path_, "x"});
  const Ended stream = RunClient({path_}, "x\n");
  server.join();
  EXPECT_EQ(unary.exit_code, 78);
  EXPECT_THAT(unary.err, AllOf(OneLine(), HasSubstr("UNAVAILABLE")));
  EXPECT_EQ(stream.exit_code, 78);
  EXPECT_THAT(stream.err, AllOf(OneLine(), HasSubstr("UNAVAILABLE")));
}

TEST_F(RunTest, AnotherProtocolIsNoGrpcServer) {
  for (const char* greeting : {"SSH-2.0-x\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"}) {
    const std::string path = path_ + "2";
    const uds::UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = uds::Address::Parse(path);
    ASSERT_EQ(bind(listener.get(), address->socket_address(), address->socket_address_length()), 0);
    ASSERT_EQ(listen(listener.get(), 1), 0);
    std::thread server([&] {
      const uds::UniqueFd peer(accept(listener.get(), nullptr, nullptr));
      std::string preface(24, ' ');
      recv(peer.get(), preface.data(), preface.size(), MSG_WAITALL);
      send(peer.get(), greeting, strlen(greeting), MSG_NOSIGNAL);
      while (recv(peer.get(), preface.data(), preface.size(), 0) > 0) {
      }
    });
    const Ended ended = RunClient({path, "x"});
    server.join();
    unlink(path.c_str());
    EXPECT_THAT(ended.err, AllOf(OneLine(), HasSubstr("does a gRPC server listen there?")));
  }
}

TEST_F(RunTest, InvalidUtf8IsRefusedBeforeAnythingIsSent) {
  TestServer server(path_);
  std::atomic<int> calls = 0;
  server.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    ++calls;
    return grpc::Status::OK;
  };
  const Ended result = RunClient({path_, "good", "\xFF"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, AllOf(OneLine(), HasSubstr("message 2")));
  EXPECT_EQ(calls, 0);
  server.Stop();
}

TEST_F(RunTest, MoreThanTheServerTakes) {
  TestServer server(path_);  // with gRPC's own limit: 4 MiB
  const Ended result = RunClient({path_}, std::string(5 << 20, 'x'));
  EXPECT_EQ(result.exit_code, 72);
  EXPECT_THAT(result.err, AllOf(OneLine(), HasSubstr("RESOURCE_EXHAUSTED")));
}

TEST_F(RunTest, AFullDiskIsALocalError) {
  TestServer server(path_);
  const uds::UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  Pipe err;
  const char* argv[] = {"client", path_.c_str(), "x"};
  EXPECT_EQ(client::Run(3, argv, {STDIN_FILENO, full.get(), err.writer()}), 1);
  EXPECT_THAT(err.CloseWriterAndReadAll(), AllOf(OneLine(), HasSubstr("standard output")));

  const Ended payload = RunClient({path_, "--payload=x", "--output=/dev/full"});
  EXPECT_EQ(payload.exit_code, 1);
  EXPECT_THAT(payload.err, AllOf(OneLine(), HasSubstr("--output: /dev/full: cannot write")));
}

}  // namespace
}  // namespace udsecho::client
