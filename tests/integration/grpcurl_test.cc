// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What somebody without our .proto files sees: grpcurl asks reflection for everything.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The PATH, and where tools/setup --dev puts it. Bazel gives a test no $HOME.
std::vector<std::string> PlacesToLook() {
  std::vector<std::string> places = absl::StrSplit(Variable("PATH"), ':', absl::SkipEmpty());
  std::string home = Variable("HOME");
  const passwd* user = home.empty() ? getpwuid(getuid()) : nullptr;
  if (user != nullptr) home = user->pw_dir;
  const std::string data = Variable("XDG_DATA_HOME");
  places.push_back((data.empty() ? home + "/.local/share" : data) + "/udsecho/bin");
  return places;
}

std::optional<std::string> FindGrpcurl() {
  for (const std::string& place : PlacesToLook()) {
    std::string program = place + "/grpcurl";
    if (access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

class GrpcurlTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::optional<std::string> found = FindGrpcurl();
    if (!found.has_value()) {
      GTEST_SKIP() << "grpcurl is not installed (tools/setup --dev does it): nothing was tested";
    }
    grpcurl_ = *found;
  }

  support::Finished Run(const std::vector<std::string>& flags,
                        const std::vector<std::string>& what) {
    std::vector<std::string> command = {grpcurl_, "-plaintext", "-unix"};
    command.insert(command.end(), flags.begin(), flags.end());
    command.push_back(server_.path());
    command.insert(command.end(), what.begin(), what.end());
    return support::RunToEnd(command);
  }

  std::string Output(const std::vector<std::string>& flags, const std::vector<std::string>& what) {
    const support::Finished grpcurl = Run(flags, what);
    EXPECT_EQ(grpcurl.exit_code, 0) << grpcurl.err;
    return grpcurl.out;
  }

  ServerProcess server_;
  std::string grpcurl_;
};

TEST_F(GrpcurlTest, ListsServices) {
  EXPECT_EQ(Output({}, {"list"}),
            "grpc.health.v1.Health\n"
            "grpc.reflection.v1.ServerReflection\n"
            "grpc.reflection.v1alpha.ServerReflection\n"
            "udsecho.v1.Admin\n"
            "udsecho.v1.Echo\n");
}

TEST_F(GrpcurlTest, ListsMethods) {
  const std::string methods = Output({}, {"list", "udsecho.v1.Echo"});
  EXPECT_THAT(methods, HasSubstr("udsecho.v1.Echo.Echo\n"));
  EXPECT_THAT(methods, HasSubstr("udsecho.v1.Echo.Chat\n"));
}

TEST_F(GrpcurlTest, Describes) {
  EXPECT_THAT(Output({}, {"describe"}), HasSubstr("service Echo {"));
  EXPECT_THAT(Output({}, {"describe", "udsecho.v1.Echo.Chat"}),
              HasSubstr("rpc Chat ( stream .udsecho.v1.EchoRequest ) "
                        "returns ( stream .udsecho.v1.EchoResponse );"));
  EXPECT_THAT(Output({}, {"describe", "udsecho.v1.EchoRequest"}),
              HasSubstr(".google.protobuf.Duration delay = 3;"));
}

TEST_F(GrpcurlTest, Calls) {
  const std::string reply = Output({"-d", R"({"message":"hi"})"}, {"udsecho.v1.Echo/Echo"});
  EXPECT_EQ(nlohmann::json::parse(reply), nlohmann::json({{"message", "hi"}}));
}

TEST_F(GrpcurlTest, Streams) {
  const std::string replies =
      Output({"-d", R"({"message":"one"}{"message":"two"})"}, {"udsecho.v1.Echo/Chat"});
  EXPECT_THAT(replies, ::testing::ContainsRegex("one(.|\n)*two"));
}

TEST_F(GrpcurlTest, ChecksHealth) {
  EXPECT_THAT(Output({"-d", R"({"service":"udsecho.v1.Echo"})"}, {"grpc.health.v1.Health/Check"}),
              HasSubstr("\"SERVING\""));
}

TEST_F(GrpcurlTest, SendsAndShowsErrorDetails) {
  const support::Finished grpcurl =
      Run({"-format-error", "-d",
           R"({"fault":{"code":14,"details":[)"
           R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1s"},)"
           R"({"@type":"type.googleapis.com/google.rpc.BadRequest",)"
           R"("fieldViolations":[{"field":"f","localizedMessage":{"message":"m"}}]},)"
           R"({"@type":"type.googleapis.com/google.protobuf.StringValue","value":"s"}]}})"},
          {"udsecho.v1.Echo/Echo"});
  const auto details = nlohmann::json::parse(grpcurl.err)["details"];
  ASSERT_EQ(details.size(), 3u) << grpcurl.err;
  EXPECT_EQ(details[0]["retryDelay"], "1s");
  EXPECT_EQ(details[1]["fieldViolations"][0]["localizedMessage"]["message"], "m");
  EXPECT_EQ(details[2]["value"], "s");
}

// What --print_grpcurl prints, run by a shell.
TEST_F(GrpcurlTest, RunsWhatTheClientPrints) {
  const auto run = [this](std::vector<std::string> arguments, absl::string_view input = "") {
    arguments.insert(arguments.begin(), server_.path());
    arguments.emplace_back("--print_grpcurl");
    const support::Finished client = RunClient(arguments);
    EXPECT_EQ(client.exit_code, kExitOk) << client.err;
    const support::Finished shell = support::RunToEnd(
        {"/bin/sh", "-c", absl::StrCat("grpcurl() { \"$GRPCURL\" \"$@\"; }\n", client.out)}, input,
        {.directory = "", .environment = {"GRPCURL=" + grpcurl_}});
    EXPECT_EQ(shell.exit_code, kExitOk) << client.out << shell.err;
    return shell.out;
  };
  const std::string text = "it's \"$HOME\" `x` \\ caf\xC3\xA9";
  EXPECT_EQ(nlohmann::json::parse(run({text})), nlohmann::json({{"message", text}}));
  EXPECT_THAT(run({"--shape=chat", "one", "two"}), ::testing::ContainsRegex("one(.|\n)*two"));
  EXPECT_THAT(run({"--shape=collect", "a", "b"}), HasSubstr("\"ab\""));
  EXPECT_THAT(run({"--shape=expand", "a", "--count=2"}), ::testing::ContainsRegex("a(.|\n)*a"));
  EXPECT_THAT(run({"--call=udsecho.v1.Echo/Collect", "-d", "@-"}, R"({"message":"in"})"),
              HasSubstr("\"in\""));
  const std::string who =
      run({"--whoami", "-H", "x-key: it's $v", "-H", "x-bin: AAE=", "--authority=me"});
  EXPECT_THAT(who, HasSubstr("\"me\""));
  EXPECT_THAT(who, HasSubstr("\"AAE=\""));
  EXPECT_THAT(who, HasSubstr("\"aXQncyAkdg==\""));
  EXPECT_THAT(run({"--health=udsecho.v1.Echo"}), HasSubstr("SERVING"));
  EXPECT_THAT(run({"--list"}), HasSubstr("udsecho.v1.Echo\n"));
  EXPECT_THAT(run({"--describe=udsecho.v1.Echo/Chat"}), HasSubstr("rpc Chat"));
}

TEST_F(GrpcurlTest, UnknownNamesAreErrorsAndNoCrash) {
  EXPECT_NE(Run({}, {"describe", "no.such.Service"}).exit_code, kExitOk);
  EXPECT_NE(Run({}, {"udsecho.v1.Echo/NoSuch"}).exit_code, kExitOk);
  EXPECT_THAT(Output({}, {"list"}), HasSubstr("udsecho.v1.Echo\n"));
}

}  // namespace
}  // namespace udsecho::integration
