// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What is told of calls (-v), headers from files (-H @FILE), and descriptor sets without a server.

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/echo_protoset.h"
#include "tests/client/run_client.h"
#include "tests/client/test_server.h"
#include "tests/support/temp_dir.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class AskingTest : public testing::Test {
 protected:
  std::string File(const char* name, const std::string& text) {
    const std::string path = dir_.Path(name);
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::string Protoset() { return File("p", EchoProtoset()); }

  // The values of a header of the last call of Echo.
  std::vector<std::string> Sent(const std::vector<std::string>& arguments, const char* key) {
    std::vector<std::string> values;
    server_.service.echo = [&](grpc::ServerContext* context, const v1::EchoRequest* request,
                               v1::EchoResponse* response) {
      const auto [begin, end] = context->client_metadata().equal_range(key);
      for (auto it = begin; it != end; ++it)
        values.emplace_back(it->second.data(), it->second.size());
      return TestService::Reply(context, request, response);
    };
    EXPECT_EQ(RunClient(arguments).exit_code, 0);
    return values;
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  TestServer server_{path_};
};

TEST_F(AskingTest, VerboseTellsOfEachShape) {
  for (const auto& [shape, method] : std::vector<std::pair<std::string, std::string>>{
           {"unary", "Echo"}, {"expand", "Expand"}, {"collect", "Collect"}, {"chat", "Chat"}}) {
    const Ended ended = RunClient({path_, "--shape=" + shape, "x", "-v", "-H", "k: v", "-H",
                                   "b-bin: AAE=", "--authority=me", "--timeout=9s"});
    EXPECT_EQ(ended.exit_code, 0);
    for (const char* line :
         {"Connected after ", "Authority: me\n", "Timeout: 9s\n", "Sent header: k: v\n",
          "Sent header: b-bin: AAE=\n", "Ended: OK after "}) {
      EXPECT_THAT(ended.err, HasSubstr(absl::StrCat("INFO  ", line))) << shape;
    }
    EXPECT_THAT(ended.err, HasSubstr("INFO  Calling udsecho.v1.Echo/" + method + "\n"));
  }
}

TEST_F(AskingTest, VerboseTellsHeadersAndTrailersOnALineEach) {
  server_.service.echo = [](grpc::ServerContext* context, auto*, auto*) {
    context->AddInitialMetadata("h", "one\\two");
    context->AddInitialMetadata("h-bin", std::string("\0\1", 2));
    context->AddTrailingMetadata("t", "three");
    return grpc::Status(grpc::StatusCode::ABORTED, "no");
  };
  const Ended ended = RunClient({path_, "x", "-v"});
  EXPECT_THAT(ended.err, HasSubstr("INFO  Header: h: one\\x5ctwo\n"));
  EXPECT_THAT(ended.err, HasSubstr("INFO  Header: h-bin: AAE=\n"));
  EXPECT_THAT(ended.err, HasSubstr("INFO  Trailer: t: three\n"));
  EXPECT_THAT(ended.err, HasSubstr("INFO  Ended: ABORTED after "));
  EXPECT_EQ(ended.out, "");
}

TEST_F(AskingTest, VerboseTellsWhatIsAsked) {
  EXPECT_THAT(RunClient({path_, "--whoami", "-v"}).err,
              AllOf(HasSubstr("Calling udsecho.v1.Echo/WhoAmI\n"), HasSubstr("Ended: OK after ")));
  EXPECT_THAT(RunClient({path_, "--stats", "-v"}).err,
              AllOf(HasSubstr("Calling udsecho.v1.Admin/Stats\n"), HasSubstr("Ended: OK after ")));
  EXPECT_THAT(RunClient({path_, "--list", "-v"}).err, HasSubstr("Ended: UNIMPLEMENTED after "));
}

TEST_F(AskingTest, VerboseTellsOnceThatItWaits) {
  const std::string path = dir_.Path("later");
  const Ended ended = RunClient({path, "--wait=100ms", "x", "-v"});
  EXPECT_EQ(ended.exit_code, 3);
  const std::vector<std::string> parts =
      absl::StrSplit(ended.err, "INFO  Waiting for unix:" + path + ": nobody is there\n");
  EXPECT_EQ(parts.size(), 2U) << ended.err;
}

TEST_F(AskingTest, HeadersFromAFile) {
  const std::string file = File("h", "# a comment\n\n  k: one \r\nK:two\nb-bin: AAE");
  EXPECT_THAT(Sent({path_, "x", "-H", "k: zero", "-H", "@" + file}, "k"),
              testing::UnorderedElementsAre("zero", "one", "two"));
  EXPECT_THAT(Sent({path_, "x", "--metadata=@" + file}, "b-bin"),
              testing::ElementsAre(std::string("\0\1", 2)));
}

// A value may be secret: it is not quoted.
TEST_F(AskingTest, AFileOfHeadersThatIsWrongIsNamedWithItsLine) {
  for (const char* bad : {"secret", "se cret: x", "grpc-secret: x", "k-bin: secret!"}) {
    const std::string file = File("h", absl::StrCat("a: b\n#\n", bad, "\n"));
    const Ended ended = RunClient({path_, "x", "-H", "@" + file});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.err,
                AllOf(OneLine(), HasSubstr(file + ": line 3 has "), Not(HasSubstr("secret"))));
    EXPECT_THAT(ended.out, IsEmpty());
  }
  const Ended missing = RunClient({path_, "x", "-H", "@" + dir_.Path("no")});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, AllOf(OneLine(), HasSubstr(dir_.Path("no"))));
  EXPECT_EQ(RunClient({path_, "x", "-H", "@/dev/zero"}).exit_code, 1);
}

TEST_F(AskingTest, EmptyDataIsNoMessageOrAnEmptyOne) {
  const std::string protoset = "--protoset=" + Protoset();
  const auto call = [&](const char* method) {
    return RunClient({path_, method, protoset, "--json", "-d", ""}, R"({"message": "not read"})");
  };
  const auto message = [](const Ended& ended) {
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return nlohmann::json::parse(ended.out.substr(0, ended.out.find('\n')))["message"];
  };
  EXPECT_EQ(message(call("--call=Collect")).value("count", "0"), "0");
  EXPECT_EQ(message(call("--call=Echo/Echo")).value("message", ""), "");
  EXPECT_EQ(call("--call=Chat").exit_code, 0);
}

TEST_F(AskingTest, AnyMethodIsPingedUntilItFailsOrCtrlC) {
  std::atomic<int> left = 3;
  server_.service.echo = [&](grpc::ServerContext* context, const v1::EchoRequest* request,
                             v1::EchoResponse* response) {
    if (--left < 0) return grpc::Status(grpc::StatusCode::ABORTED, "no more");
    return TestService::Reply(context, request, response);
  };
  const std::vector<std::string> arguments = {path_, "--call=Echo/Echo", "--protoset=" + Protoset(),
                                              "-d{}", "--interval=1ms"};
  const Ended failed = RunClient(arguments);
  EXPECT_EQ(failed.exit_code, 64 + 10);
  EXPECT_EQ(failed.out, "{}\n{}\n{}\n");
  EXPECT_THAT(failed.err, HasSubstr("4 sent, 3 received"));

  Interrupt interrupt;
  server_.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    if (++left == 3) interrupt.Trigger();
    return grpc::Status::OK;
  };
  const Ended interrupted = RunClient(arguments, "", &interrupt);
  EXPECT_EQ(interrupted.exit_code, 130);
  EXPECT_THAT(interrupted.err, HasSubstr(" sent, "));
  server_.Stop();
  server_.Stop();
}

TEST_F(AskingTest, DescriptorSetsNeedNoServer) {
  const std::string protoset = "--protoset=" + Protoset();
  const Ended list = RunClient({"--list", protoset});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, StartsWith("udsecho.v1.Echo\n"));
  EXPECT_THAT(list.out, HasSubstr("\n  Chat(stream udsecho.v1.EchoRequest) returns "
                                  "(stream udsecho.v1.EchoResponse)\n"));
  const auto json = nlohmann::json::parse(RunClient({"--list", protoset, "--json"}).out);
  EXPECT_EQ(json["services"][0]["name"], "udsecho.v1.Echo");
  // Nobody listens there, and nobody is asked.
  EXPECT_EQ(RunClient({dir_.Path("no"), "--list", protoset}).out, list.out);
  EXPECT_THAT(RunClient({"--describe=Chat", protoset}).out, HasSubstr("rpc Chat"));
  const Ended unknown = RunClient({"--describe=Nothing", protoset});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, AllOf(OneLine(), HasSubstr("Nothing")));
}

}  // namespace
}  // namespace udsecho::client
