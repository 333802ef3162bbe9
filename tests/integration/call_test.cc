// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Any method of any server by its reflection: --call, --describe, --protoset. Servers of other makes are in
// tests/interop, hostile ones in hostile_reflection_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;

constexpr int kExitLocalIo = 1;
constexpr int kNotFound = 64 + 5;
constexpr int kUnimplemented = 64 + 12;
constexpr int kInterrupted = 130;

std::vector<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

std::vector<Json> Objects(const std::string& text) {
  std::vector<Json> objects;
  for (const std::string& line : Lines(text)) objects.push_back(Json::parse(line, nullptr, false));
  return objects;
}

class CallTest : public ::testing::Test {
 protected:
  support::Finished Run(std::vector<std::string> arguments, absl::string_view input = "") {
    arguments.insert(arguments.begin(), server_.path());
    return RunClient(arguments, input);
  }
  // Of a call that must be answered.
  std::string Out(const std::vector<std::string>& arguments, absl::string_view input = "") {
    const support::Finished client = Run(arguments, input);
    EXPECT_EQ(client.exit_code, kExitOk);
    EXPECT_EQ(client.err, "");
    return client.out;
  }
  support::SpawnedProcess Start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), server_.path());
    return support::SpawnedProcess(ClientCommand(arguments));
  }

  const support::TempDir dir_;
  ServerProcess server_{ServerProcess::Options{.path = "", .flags = {"--interop"}, .spawn = {}}};
};

TEST_F(CallTest, AllShapes) {
  EXPECT_EQ(Out({"--call=udsecho.v1.Echo/Echo", "-d", R"({"message":"hi"})"}),
            "{\"message\":\"hi\"}\n");
  EXPECT_EQ(Out({"--call=Expand", "-d", R"({"message":"one two"})"}),
            "{\"message\":\"one\"}\n{\"message\":\"two\"}\n");
  EXPECT_EQ(Out({"--call=Echo/Collect", "-d", R"({"message":"a"}{"message":"b"})"}),
            "{\"message\":\"ab\",\"count\":\"2\",\"bytes\":\"2\"}\n");
  EXPECT_EQ(Out({"--call=udsecho.v1.Echo.Chat", "-d", R"([{"message":"a"}, {"message":"b"}])"}),
            "{\"message\":\"a\"}\n{\"message\":\"b\"}\n");
}

TEST_F(CallTest, GrpcsTestService) {
  EXPECT_EQ(Out({"--call=grpc.testing.TestService/EmptyCall"}), "{}\n");
  EXPECT_EQ(Out({"--call=TestService/UnaryCall", "-d", R"({"responseSize":3})"}),
            "{\"payload\":{\"body\":\"AAAA\"}}\n");
  EXPECT_EQ(Out({"--call=StreamingOutputCall", "-d",
                 R"({"response_parameters":[{"size":3},{"size":1}]})"}),
            "{\"payload\":{\"body\":\"AAAA\"}}\n{\"payload\":{\"body\":\"AA==\"}}\n");
  EXPECT_EQ(Out({"--call=StreamingInputCall", R"({"payload":{"body":"AAEC"}})",
                 R"({"payload":{"body":"AA=="}})"}),
            "{\"aggregatedPayloadSize\":4}\n");
  EXPECT_EQ(Out({"--call=FullDuplexCall", "-d", R"({"responseParameters":[{"size":2}]})"}),
            "{\"payload\":{\"body\":\"AAA=\"}}\n");
}

TEST_F(CallTest, WhereTheRequestsComeFrom) {
  const std::string hi = "{\"message\":\"hi\"}\n";
  const std::string file = dir_.Path("requests");
  std::ofstream(file) << "[{\"message\": \"hi\"},\n {\"message\":\n\"hi\"}]";
  EXPECT_EQ(Out({"--call=Echo/Echo", R"({"message":"hi"})", R"({"message":"hi"})"}), hi + hi);
  EXPECT_EQ(Out({"--call=Echo/Echo", "-d", absl::StrCat("@", file)}), hi + hi);
  EXPECT_EQ(Out({"--call=Echo/Echo", "-d", "@-"}, hi + "\n  " + hi), hi + hi);
  EXPECT_EQ(Out({"--call=Echo/Echo", "-d", R"({"message":"hi"})", "--count=3"}), hi + hi + hi);
  // A method that streams reads by itself; others do without.
  EXPECT_EQ(Out({"--call=Chat"}, hi), hi);
  EXPECT_EQ(Out({"--call=Echo/Echo"}, hi), "{}\n");
  EXPECT_EQ(Out({"--call=Echo/Echo", "-d", ""}), "{}\n");
}

TEST_F(CallTest, ManyAtATimeInTheirOrder) {
  constexpr int kObjects = 100'000;
  std::string input;
  std::string expected;
  for (int i = 0; i < kObjects; ++i) {
    const char* const delay = i % 1000 == 7 ? R"(,"delay":"0.002s")" : "";
    absl::StrAppend(&input, R"({"message":")", i, "\"", delay, "}");
    absl::StrAppend(&expected, R"({"message":")", i, "\"}\n");
  }
  // Not EXPECT_EQ, which would print both.
  EXPECT_TRUE(Out({"--call=Echo/Echo", "-d", "@-", "-c", "8"}, input) == expected);
  std::vector<std::string> lines =
      Lines(Out({"--call=Echo/Echo", "-d@-", "-c8", "--unordered"}, input));
  std::vector<std::string> wanted = Lines(expected);
  std::sort(lines.begin(), lines.end());
  std::sort(wanted.begin(), wanted.end());
  EXPECT_TRUE(lines == wanted);
}

TEST_F(CallTest, UnorderedRepliesWaitForNoOther) {
  auto client = Start({"--call=Echo/Echo", "-d@-", "-c2", "--unordered", "--timeout=inf"});
  client.Write(R"({"message":"late","delay":"60s"} {"message":"one"} {"message":"two"})");
  EXPECT_EQ(client.out().Line(0), R"({"message":"one"})");
  EXPECT_EQ(client.out().Line(1), R"({"message":"two"})");
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
}

TEST_F(CallTest, AStreamThatIsTypedSlowly) {
  auto client = Start({"--call=Chat", "-d", "@-", "--timeout=inf"});
  client.Write(R"({"message":"a)");
  client.Write("b\"}");
  EXPECT_EQ(client.out().Line(0), R"({"message":"ab"})");
  client.Write("\n{\"message\":\n\"cd\"\n}\n");
  EXPECT_EQ(client.out().Line(1), R"({"message":"cd"})");
  client.CloseInput();
  EXPECT_EQ(client.Wait(), kExitOk);
  EXPECT_EQ(client.err().Whole(), "");
}

TEST_F(CallTest, CtrlC) {
  const std::string hi = R"({"message":"hi"})";
  auto open = Start({"--call=Chat", "-d", "@-"});
  open.Write(hi);
  EXPECT_EQ(open.out().Line(0), hi);
  open.Signal(SIGINT);
  EXPECT_EQ(open.Wait(), kInterrupted);

  int nth = 1;
  for (const char* method : {"--call=Echo/Echo", "--call=Collect", "--call=Chat"}) {
    auto client = Start({method, "-d", R"({"message":"x","delay":"60s"})", "--timeout=inf"});
    server_.Event("message_received", ++nth);
    client.Signal(SIGINT);
    EXPECT_EQ(client.Wait(), kInterrupted) << method;
    EXPECT_EQ(client.err().Whole(), "") << method;
  }
}

TEST_F(CallTest, AnObjectALineForScripts) {
  const std::vector<Json> calls =
      Objects(Out({"--call=Echo/Echo", "-d", R"({"message":"hi"})", "--json",
                   "-Hx-grpc-test-echo-initial:first", "-Hx-grpc-test-echo-trailing-bin:AAE="}));
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(calls[0]["message"], Json({{"message", "hi"}}));
  EXPECT_GT(calls[0]["round_trip_us"], 0);
  EXPECT_EQ(calls[0]["headers"]["x-grpc-test-echo-initial"], Json({"first"}));
  EXPECT_EQ(calls[0]["trailers"]["x-grpc-test-echo-trailing-bin"], Json({"AAE="}));
  EXPECT_EQ(calls[0]["status"]["name"], "OK");

  // Of a stream each reply, and then its end.
  const std::vector<Json> stream =
      Objects(Out({"--call=Expand", "-d", R"({"message":"a b"})", "--json"}));
  ASSERT_THAT(stream, SizeIs(3));
  EXPECT_EQ(stream[1]["message"], Json({{"message", "b"}}));
  EXPECT_FALSE(stream[1].contains("status"));
  EXPECT_FALSE(stream[2].contains("message"));
  EXPECT_EQ(stream[2]["status"]["code"], 0);
}

TEST_F(CallTest, DetailsOfErrorsAreDecoded) {
  const std::string request =
      R"({"fault":{"code":14,"message":"not\nnow","details":[)"
      R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1s"}]}})";
  const support::Finished text = Run({"--call=Echo/Echo", "-d", request});
  EXPECT_EQ(text.exit_code, kUnavailable);
  EXPECT_EQ(text.out, "");
  EXPECT_THAT(Lines(text.err), ElementsAre(AllOf(HasSubstr("RetryInfo"), HasSubstr("\"1s\"")),
                                           HasSubstr("UNAVAILABLE: not\\x0anow")));
  const support::Finished json = Run({"--call=Echo/Echo", "-d", request, "--json"});
  EXPECT_EQ(json.exit_code, kUnavailable);
  const Json detail = Json::parse(json.out)["status"]["details"][0];
  EXPECT_EQ(detail["message"]["retryDelay"], "1s");
}

TEST_F(CallTest, DataMayBeGivenInParts) {
  EXPECT_EQ(Out({"--call=Echo/Collect", "-d", R"({"message":"a"})", "-d", R"({"message":"b"})"}),
            "{\"message\":\"ab\",\"count\":\"2\",\"bytes\":\"2\"}\n");
}

TEST_F(CallTest, FieldsWithoutAValueAreShownOnRequest) {
  EXPECT_EQ(Out({"--call=Echo/Echo"}), "{}\n");
  EXPECT_THAT(Out({"--call=Echo/Echo", "--emit_defaults"}), HasSubstr(R"("message":"")"));
}

// Which of them failed is told; the others go on if that is asked for.
TEST_F(CallTest, OneOfManyThatFails) {
  constexpr char kBad[] = R"({"fault":{"code":5,"message":"no"}})";
  const std::string input =
      absl::StrCat(R"({"message":"a"})", kBad, R"({"message":"b"})", kBad, R"({"message":"c"})");
  const support::Finished stopped = Run({"--call=Echo/Echo", "-d@-"}, input);
  EXPECT_EQ(stopped.exit_code, kNotFound);
  EXPECT_EQ(stopped.out, "{\"message\":\"a\"}\n");
  EXPECT_THAT(stopped.err, HasSubstr("NOT_FOUND: no; it was message 2"));
  for (const char* concurrency : {"-c1", "-c3"}) {
    const support::Finished gone_on =
        Run({"--call=Echo/Echo", "-d@-", "--keep_going", concurrency}, input);
    EXPECT_EQ(gone_on.exit_code, kNotFound);
    EXPECT_THAT(Lines(gone_on.out), SizeIs(3));
    EXPECT_THAT(Lines(gone_on.err),
                ElementsAre(HasSubstr("it was message 2"), HasSubstr("it was message 4")));
  }
}

TEST_F(CallTest, TypesAreDescribedByTheEndOfTheirNames) {
  EXPECT_EQ(Out({"--describe=EchoRequest"}), Out({"--describe=udsecho.v1.EchoRequest"}));
}

TEST_F(CallTest, ErrorsInOneSentence) {
  const std::string missing = dir_.Path("missing");
  const struct {
    std::vector<std::string> arguments;
    int exit_code;
    const char* says;
  } cases[] = {
      {{"--call=Ecco"}, kExitUsage, "did you mean udsecho.v1.Echo/Echo?"},
      {{"--call=no.such.Service/Method"}, kExitUsage, "no.such.Service/Method"},
      {{"--call=Echo/Echo\x1b[2J"}, kExitUsage, "\\x1b[2J"},
      {{"--describe=Nothing"}, kExitUsage, "Nothing"},
      {{"--call=Echo/Echo", "-d", R"({"massage":"x"})"}, kExitUsage, "massage"},
      {{"--call=Echo/Echo", "-d", R"({"message":)"}, kExitUsage, "message 1"},
      {{"--call=Echo/Echo", "-d", R"({"message":"x"} })"}, kExitUsage, "nothing was sent"},
      {{"--call=Echo/Echo", "-d", "-"}, kExitUsage, "'@-'"},
      {{"--call=Echo/Echo", "-d", "{}", "-d", "@-"}, kExitUsage, "alone"},
      {{"--call=udsecho.v1.Echo"}, kExitUsage, "is a service"},
      {{"--call=Echo/Echo", "-H", "User-Agent: x"}, kExitUsage, "gRPC writes"},
      {{"--call=Echo/Echo", "-d", R"({"delay":"soon"})"}, kExitUsage, "delay"},
      {{"--call=Chat", "-d", R"({} {"message":7})"}, kExitUsage, "message 2"},
      {{"--call=Echo/Echo", "-d", "@" + missing}, kExitLocalIo, "cannot open"},
      {{"--call=Echo/Echo", "--protoset=" + missing}, kExitLocalIo, "cannot open"},
      {{"--call=Echo/Echo", "--protoset=/dev/null"}, kExitLocalIo, "descriptor set"},
      {{"--call=UnimplementedCall"}, kUnimplemented, "UNIMPLEMENTED"},
      {{"--call=Echo/Echo", "-d", R"({"fault":{"code":5,"message":"\u001b[2J"}})"},
       kNotFound,
       "NOT_FOUND: \\x1b[2J"},
      // The server knows of the deadline too: either may be the first to say so, in its own words.
      {{"--call=Echo/Echo", "-d", R"({"delay":"60s"})", "--timeout=50ms"},
       kDeadlineExceeded,
       "DEADLINE_EXCEEDED: "},
      {{"--call=Expand", "-d", R"({"message":"x","delay":"60s"})", "--timeout=50ms"},
       kDeadlineExceeded,
       "DEADLINE_EXCEEDED: "},
  };
  for (const auto& wrong : cases) {
    const support::Finished client = Run(wrong.arguments);
    EXPECT_EQ(client.exit_code, wrong.exit_code) << wrong.arguments[0] << client.err;
    EXPECT_TRUE(IsOneLine(client.err)) << client.err;
    EXPECT_THAT(client.err, HasSubstr(wrong.says));
  }
}

TEST_F(CallTest, WhatCameBeforeTheErrorIsAnswered) {
  const support::Finished client = Run({"--call=Echo/Echo", "-d@-", "-c4"},
                                       R"({"message":"a"} {"message":"b"} {"message":false})");
  EXPECT_EQ(client.exit_code, kExitUsage);
  EXPECT_EQ(client.out, "{\"message\":\"a\"}\n{\"message\":\"b\"}\n");
}

std::string Absolute(const char* variable) {
  return std::filesystem::absolute(std::getenv(variable)).string();
}

// examples/greeter: a service that the client was not built with.
class GreeterTest : public ::testing::Test {
 protected:
  support::Finished Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {dir_.Path("greeter"), "--wait=60s"});
    return RunClient(arguments);
  }

  const support::TempDir dir_;
  const support::SpawnedProcess greeter_{{Absolute("UDSECHO_GREETER"), dir_.Path("greeter")}};
};

TEST_F(GreeterTest, IsCalledByItsReflection) {
  const support::Finished client = Run({"--call=Hello", "-d", R"({"name":"Ada"})"});
  EXPECT_EQ(client.exit_code, kExitOk) << client.err;
  EXPECT_THAT(client.out, HasSubstr(R"({"text":"Hello Ada, uid )"));
}

TEST_F(GreeterTest, IsCalledByADescriptorSet) {
  const std::string protoset = absl::StrCat("--protoset=", Absolute("UDSECHO_GREETER_PROTOSET"));
  const support::Finished client = Run({"--call=Greeter/Hello", "{}", protoset});
  EXPECT_EQ(client.exit_code, kExitOk) << client.err;
  EXPECT_THAT(client.out, HasSubstr("Hello"));
  EXPECT_THAT(Run({"--describe", protoset}).out, HasSubstr("service Greeter {"));
  EXPECT_EQ(Run({"--call=Health/Check", protoset}).exit_code, kExitUsage);
}

TEST_F(GreeterTest, IsDescribed) {
  EXPECT_EQ(Run({"--describe=Hello"}).out,
            R"(// examples.greeter.Greeter/Hello
rpc Hello(.examples.greeter.HelloRequest) returns (.examples.greeter.HelloReply);

// examples.greeter.HelloRequest
message HelloRequest {
  string name = 1;
}

// As JSON:
{
  "name": ""
}
)");
  EXPECT_THAT(Run({"--describe"}).out,
              AllOf(HasSubstr("service Greeter {"), HasSubstr("service Health {")));
}

}  // namespace
}  // namespace udsecho::integration
