// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --print_grpcurl, read by a shell. With grpcurl itself: tests/integration/grpcurl_test.cc.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/grpcurl/grpcurl_line.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/run_client.h"
#include "tests/support/spawned_process.h"
#include "tests/support/temp_dir.h"

namespace udsecho::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The words that grpcurl would get.
std::vector<std::string> InShell(const std::string& lines) {
  const support::Finished shell = support::RunToEnd(
      {"/bin/sh", "-c", absl::StrCat("grpcurl() { printf '%s\\0' \"$@\"; }\n", lines)});
  EXPECT_EQ(shell.exit_code, 0) << shell.err;
  std::vector<std::string> words = absl::StrSplit(shell.out, '\0');
  words.pop_back();
  return words;
}

std::vector<std::string> Words(std::vector<std::string> arguments) {
  arguments.emplace_back("--print_grpcurl");
  const Ended ended = RunClient(arguments);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  return InShell(ended.out);
}

TEST(PrintGrpcurlTest, QuotesForAShell) {
  for (const std::string text : {"", "it's", R"($(id) `id` $HOME \ "x" *)", "a b\tc", "'", "-x",
                                 "~", "a\nb", "caf\xC3\xA9", "!", "a;b|c&d>e#f"}) {
    EXPECT_THAT(InShell("grpcurl " + ShellQuoted(text) + " end"), ElementsAre(text, "end"));
  }
}

TEST(PrintGrpcurlTest, Echo) {
  EXPECT_THAT(Words({"/tmp/s", "it's"}),
              ElementsAre("-plaintext", "-unix", "-max-time", "5", "-d", R"({"message":"it's"})",
                          "/tmp/s", "udsecho.v1.Echo/Echo"));
  EXPECT_THAT(Words({"localhost:1", "a", "--shape=expand", "--count=2", "--interval=1s"}),
              ElementsAre("-plaintext", "-d", R"({"message":"a","count":2,"interval":"1s"})",
                          "localhost:1", "udsecho.v1.Echo/Expand"));
  EXPECT_THAT(Words({"/tmp/s", "a", "b", "--shape=chat", "--fault=14"}),
              ElementsAre("-plaintext", "-unix", "-d",
                          R"({"message":"a","fault":{"code":14}} {"message":"b"})", "/tmp/s",
                          "udsecho.v1.Echo/Chat"));
}

TEST(PrintGrpcurlTest, FlagsOfCalls) {
  EXPECT_THAT(Words({"/tmp/s", "--call=a.b.C/D", "-d", "{}", "-H", "k: $v", "-H", "b-bin:AAE",
                     "--authority=me", "--timeout=500ms", "--keepalive=20s", "-v"}),
              ElementsAre("-plaintext", "-unix", "-v", "-authority", "me", "-max-time", "0.5",
                          "-keepalive-time", "20", "-H", "k: $v", "-H", "b-bin: AAE=", "-d", "{}",
                          "/tmp/s", "a.b.C/D"));
}

TEST(PrintGrpcurlTest, Questions) {
  EXPECT_THAT(Words({"/tmp/s", "--list"}), ElementsAre("-plaintext", "-unix", "/tmp/s", "list"));
  EXPECT_THAT(Words({"/tmp/s", "--describe=a.B/C"}),
              ElementsAre("-plaintext", "-unix", "/tmp/s", "describe", "a.B.C"));
  EXPECT_THAT(Words({"/tmp/s", "--health=x", "--watch"}),
              ElementsAre("-plaintext", "-unix", "-d", R"({"service":"x"})", "/tmp/s",
                          "grpc.health.v1.Health/Watch"));
}

TEST(PrintGrpcurlTest, Addresses) {
  const auto address = [](const std::string& text) {
    const std::vector<std::string> words = Words({text, "--list"});
    return words.at(words.size() - 2);
  };
  EXPECT_EQ(address("/tmp/a b?c#d%20"), "/tmp/a b%3Fc%23d%2520");
  EXPECT_EQ(address("unix-abstract:n"), "@n");
  EXPECT_THAT(address("./s"), testing::MatchesRegex("/.*/s"));
}

TEST(PrintGrpcurlTest, DataFromFiles) {
  const support::TempDir dir;
  const Ended ended = RunClient({"/tmp/s", "--call=a.B/C", "-d", "@it's", "--print_grpcurl"});
  EXPECT_EQ(ended.out, "grpcurl -plaintext -unix -d @ /tmp/s a.B/C < 'it'\\''s'\n");
  EXPECT_THAT(Words({"/tmp/s", "--call=a.B/C", "-d", "@-"}),
              ElementsAre("-plaintext", "-unix", "-d", "@", "/tmp/s", "a.B/C"));
}

TEST(PrintGrpcurlTest, WhatCannotBeSaid) {
  const auto error = [](std::vector<std::string> arguments) {
    arguments.emplace_back("--print_grpcurl");
    const Ended ended = RunClient(arguments);
    EXPECT_EQ(ended.exit_code, 2) << ended.out;
    EXPECT_THAT(ended.out, IsEmpty());
    return ended.err;
  };
  EXPECT_THAT(error({"/tmp/s", "--call=Hello"}), AllOf(OneLine(), HasSubstr("--protoset")));
  EXPECT_THAT(error({"/tmp/s"}), AllOf(OneLine(), HasSubstr("MESSAGE")));
  EXPECT_THAT(error({"/tmp/s", std::string(200'000, 'x')}), AllOf(OneLine(), HasSubstr("long")));
  EXPECT_THAT(error({"/tmp/s", "--bench"}), AllOf(OneLine(), HasSubstr("--bench")));
  const Ended noted = RunClient({"/tmp/s", "x", "--print_grpcurl", "--wait", "--compression=gzip"});
  EXPECT_THAT(noted.err, AllOf(OneLine(), HasSubstr("--wait, --compression")));
}

}  // namespace
}  // namespace udsecho::client
