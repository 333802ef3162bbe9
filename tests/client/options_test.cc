// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/options.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "client/command_line/parse.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Parsed ParseArguments(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "client");
  return Parse(static_cast<int>(arguments.size()), arguments.data());
}

Options Good(std::vector<const char*> arguments) {
  Parsed parsed = ParseArguments(std::move(arguments));
  EXPECT_TRUE(parsed.options.has_value()) << parsed.outcome.error;
  return parsed.options.value_or(Options{});
}

std::string Error(std::vector<const char*> arguments) {
  const Parsed parsed = ParseArguments(std::move(arguments));
  EXPECT_FALSE(parsed.options.has_value());
  EXPECT_EQ(parsed.outcome.exit_code, 2);
  EXPECT_THAT(parsed.outcome.error, Not(HasSubstr("\n")));
  EXPECT_THAT(parsed.output, IsEmpty());
  return parsed.outcome.error;
}

TEST(OptionsTest, AddressAlone) {
  const Options options = Good({"/tmp/sock1"});
  EXPECT_EQ(options.address, "/tmp/sock1");
  EXPECT_THAT(options.messages, IsEmpty());
  EXPECT_EQ(options.call.timeout, absl::Seconds(5));
  EXPECT_EQ(options.verbosity, Verbosity::kQuiet);
}

TEST(OptionsTest, MessagesComeAsTheyWereGiven) {
  EXPECT_THAT(
      Good({"a", "Test this string", "", "b,c", "'q'", "\"q\"", "%h", "{x}", "caf\xC3\xA9"})
          .messages,
      ElementsAre("Test this string", "", "b,c", "'q'", "\"q\"", "%h", "{x}", "caf\xC3\xA9"));
}

TEST(OptionsTest, BracketsAreNoLists) {
  EXPECT_THAT(Good({"a", "[1,2]", "[]", "[", "[x", "x]", "[[]]", "\x01[1,2]", "{}"}).messages,
              ElementsAre("[1,2]", "[]", "[", "[x", "x]", "[[]]", "\x01[1,2]", "{}"));
  EXPECT_EQ(Good({"[1,2]"}).address, "[1,2]");
}

TEST(OptionsTest, FlagsMayStandAnywhere) {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"--timeout=3", "--verbose", "a", "m", "n"},
                                             {"a", "--verbose", "m", "--timeout", "3", "n"},
                                             {"a", "m", "n", "-v", "--timeout=3s"}}) {
    const Options options = Good(arguments);
    EXPECT_EQ(options.address, "a");
    EXPECT_THAT(options.messages, ElementsAre("m", "n"));
    EXPECT_EQ(options.call.timeout, absl::Seconds(3));
    EXPECT_EQ(options.verbosity, Verbosity::kVerbose);
  }
}

TEST(OptionsTest, AfterTwoDashesAllAreMessages) {
  EXPECT_THAT(Good({"a", "--", "--verbose", "-x", "--", "[1]"}).messages,
              ElementsAre("--verbose", "-x", "--", "[1]"));
}

TEST(OptionsTest, Timeouts) {
  EXPECT_EQ(Good({"a", "--timeout=0.25"}).call.timeout, absl::Milliseconds(250));
  EXPECT_EQ(Good({"a", "--timeout=500ms"}).call.timeout, absl::Milliseconds(500));
  EXPECT_EQ(Good({"a", "--timeout=1m30s"}).call.timeout, absl::Seconds(90));
  EXPECT_EQ(Good({"a", "--timeout=inf"}).call.timeout, absl::InfiniteDuration());
}

TEST(OptionsTest, BadTimeoutsAreNamed) {
  for (const char* bad : {"0", "0s", "-1", "-5ms", "nan", "5 parsecs", "x", "[5]"}) {
    const std::string error = Error({"a", "--timeout", bad});
    EXPECT_THAT(error, HasSubstr("--timeout"));
    EXPECT_THAT(error, HasSubstr(bad));
  }
  EXPECT_THAT(Error({"a", "--timeout"}), HasSubstr("--timeout"));
  EXPECT_THAT(Error({"a", "--timeout=0"}), HasSubstr("greater than zero"));
}

TEST(OptionsTest, Retries) {
  EXPECT_FALSE(Good({"a"}).call.retry.has_value());
  const Options options = Good({"a", "--retry=4"});
  EXPECT_TRUE(options.call.retry.has_value());
  EXPECT_EQ(options.shape, Shape::kUnary);  // also of standard input
  EXPECT_EQ(Good({"a", "--retry", "@policy.json"}).call.retry_file, "policy.json");
  EXPECT_EQ(Good({"a", "--retry=4", "--shape=expand"}).shape, Shape::kExpand);
  EXPECT_TRUE(Good({"a", "--retry=4", "--call=Hello"}).call.retry.has_value());
  for (const char* bad : {"1", "x", "{", "@", "@-", "{\"maxAttempts\": 4}"}) {
    EXPECT_THAT(Error({"a", "m", "--retry", bad}), HasSubstr("--retry")) << bad;
  }
  for (const char* shape : {"--shape=chat", "--shape=collect"}) {
    EXPECT_THAT(Error({"a", "m", "--retry=4", shape}), HasSubstr("a stream is not sent again"));
  }
  for (const char* asks : {"--health", "--list", "--stats", "--whoami", "--print_grpcurl"}) {
    EXPECT_THAT(Error({"a", "--retry=4", asks}), HasSubstr("--retry: only where calls are made"));
  }
}

TEST(OptionsTest, BadUsage) {
  EXPECT_THAT(Error({}), HasSubstr("ADDRESS"));
  EXPECT_THAT(Error({"a", "--bogus"}), HasSubstr("--bogus"));
  EXPECT_THAT(Error({"a", "--timout=1"}), HasSubstr("did you mean --timeout?"));
  EXPECT_THAT(Error({"a", "--timeout="}), HasSubstr("--timeout=TIME"));
}

TEST(OptionsTest, TheLastOfTwoWins) {
  EXPECT_EQ(Good({"a", "--timeout=1", "--timeout=2"}).call.timeout, absl::Seconds(2));
}

TEST(OptionsTest, ValuesAfterASpace) {
  for (const std::vector<const char*>& arguments : std::vector<std::vector<const char*>>{
           {"--wait", "3", "/s", "hi"}, {"/s", "--wait", "3", "hi"}, {"/s", "hi", "--wait=3"}}) {
    const Options options = Good(arguments);
    EXPECT_EQ(options.wait, absl::Seconds(3));
    EXPECT_EQ(options.address, "/s");
    EXPECT_THAT(options.messages, ElementsAre("hi"));
  }
  EXPECT_EQ(Good({"/s", "--bench", "--connections", "4"}).bench.connections, 4);
  EXPECT_EQ(Good({"/s", "--shutdown", "5s"}).shutdown_grace, absl::Seconds(5));
  EXPECT_EQ(Good({"--health", "/s"}).address, "/s");
  EXPECT_THAT(Error({"/s", "--health", "svc"}), HasSubstr("--health=SERVICE"));
  EXPECT_THAT(Error({"/s", "--bench", "--connections"}), HasSubstr("--connections=4"));
}

TEST(OptionsTest, AnEmptyPayloadIsOne) {
  EXPECT_THAT(Good({"a", "--payload="}).messages, ElementsAre(""));
  EXPECT_THAT(Good({"a", "--payload=", "m"}).messages, ElementsAre("m"));
  EXPECT_THAT(Good({"a", "--payload=x"}).messages, IsEmpty());
}

TEST(OptionsTest, ErrorsAreOnePrintableLine) {
  EXPECT_THAT(Error({"a", "--bo\ngus\x1b[2J"}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(Error({"a", "--timeout=\n"}), HasSubstr("\\x0a"));
}

TEST(OptionsTest, AMessageThatIsNotUtf8IsNamed) {
  const std::string error = Error({"a", "good", "ba\xFF"});
  EXPECT_THAT(error, HasSubstr("message 2 of 2"));
  EXPECT_THAT(error, HasSubstr("byte 3"));
}

TEST(OptionsTest, HelpAndVersionGoToStandardOutput) {
  const Parsed help = ParseArguments({"--help"});
  EXPECT_FALSE(help.options.has_value());
  EXPECT_TRUE(help.outcome.ok());
  for (const char* word :
       {"ADDRESS", "MESSAGE", "--timeout", "--verbose", "--version", "--help=all"}) {
    EXPECT_THAT(help.output, HasSubstr(word));
  }
  const Parsed version = ParseArguments({"--version"});
  EXPECT_FALSE(version.options.has_value());
  EXPECT_TRUE(version.outcome.ok());
  EXPECT_THAT(version.output, HasSubstr("udsecho"));
}

TEST(OptionsTest, HelpFitsAScreen) {
  const std::string help = ParseArguments({"--help"}).output;
  const std::vector<std::string> lines = absl::StrSplit(help, '\n');
  EXPECT_LE(lines.size(), 24U);
  for (const std::string& line : lines) EXPECT_LE(line.size(), 80U) << line;
}

TEST(OptionsTest, HelpAndCompletionsKnowEachFlag) {
  const std::string all = ParseArguments({"--help=all"}).output;
  const std::string help = ParseArguments({"--help"}).output;
  const std::string bash = ParseArguments({"--completion=bash"}).output;
  const std::string zsh = ParseArguments({"--completion", "zsh"}).output;
  for (const char* flag :
       {"--shape",     "--count",       "--interval",    "--payload",       "--delay",
        "--fault",     "--metadata",    "--compression", "--timeout",       "--wait",
        "--authority", "--output",      "--json",        "--health",        "--whoami",
        "--list",      "--stats",       "--connections", "--shutdown",      "--bench",
        "--rate",      "--concurrency", "--report",      "--verbose",       "--version",
        "--watch",     "--keepalive",   "--retry",       "--print_grpcurl", "--compare",
        "--fail_if",   "--csv"}) {
    for (const std::string& text : {all, help, bash, zsh}) EXPECT_THAT(text, HasSubstr(flag));
  }
}

TEST(OptionsTest, Modes) {
  EXPECT_EQ(Good({"a", "--whoami"}).mode, Mode::kWhoAmI);
  EXPECT_EQ(Good({"a", "--connections"}).mode, Mode::kConnections);
  const Options bench = Good({"a", "--bench", "--connections=3"});
  EXPECT_EQ(bench.mode, Mode::kBench);
  EXPECT_EQ(bench.bench.connections, 3);
  EXPECT_EQ(Good({"--health=svc", "a"}).health_service, "svc");
  EXPECT_EQ(Good({"--health", "a"}).health_service, "");
  EXPECT_THAT(Error({"a", "--whoami", "--stats"}), HasSubstr("--stats"));
  EXPECT_THAT(Error({"a", "--connections=3"}), HasSubstr("--bench"));
  EXPECT_THAT(Error({"a", "--whoami", "msg"}), HasSubstr("MESSAGE"));
  EXPECT_THAT(Error({"a", "--rate=3"}), HasSubstr("--bench"));
}

TEST(OptionsTest, Watching) {
  EXPECT_TRUE(Good({"a", "--health", "--watch"}).watch);
  EXPECT_EQ(Good({"a", "--health", "--watch"}).wait_again, absl::InfiniteDuration());
  EXPECT_EQ(Good({"a", "--health", "--watch", "--wait=3"}).wait_again, absl::Seconds(3));
  EXPECT_THAT(Error({"a", "--watch"}), HasSubstr("--health"));
}

TEST(OptionsTest, Keepalive) {
  EXPECT_EQ(Good({"a"}).call.keepalive, absl::InfiniteDuration());
  EXPECT_EQ(Good({"a", "--keepalive"}).call.keepalive, absl::Seconds(10));
  EXPECT_EQ(Good({"a", "--keepalive=300ms"}).call.keepalive, absl::Milliseconds(300));
  EXPECT_EQ(Good({"a", "--keepalive", "3"}).call.keepalive, absl::Seconds(3));
  EXPECT_THAT(Error({"a", "--keepalive=0"}), HasSubstr("--keepalive"));
  EXPECT_THAT(Error({"a", "--bench", "--keepalive"}), HasSubstr("--keepalive"));
}

TEST(OptionsTest, DataMayBeEmpty) {
  EXPECT_EQ(Good({"a", "--call=x", "-d", ""}).method.data, std::string());
  EXPECT_EQ(Good({"a", "--call=x", "--data="}).method.data, std::string());
  EXPECT_FALSE(Good({"a", "--call=x"}).method.data.has_value());
  EXPECT_THAT(Error({"a", "-d", ""}), HasSubstr("--call"));
}

TEST(OptionsTest, FilesNeedNoAddress) {
  EXPECT_EQ(Good({"--list", "--protoset=f"}).mode, Mode::kList);
  EXPECT_EQ(Good({"--describe", "--protoset=f"}).mode, Mode::kDescribe);
  EXPECT_THAT(Error({"--list"}), HasSubstr("ADDRESS"));
  EXPECT_THAT(Error({"--call=x", "--protoset=f"}), HasSubstr("ADDRESS"));
  EXPECT_THAT(Error({"a", "--protoset=f"}), HasSubstr("--protoset"));
}

TEST(OptionsTest, WhatABenchIsJudgedByAndPrints) {
  const Options bench =
      Good({"a", "--bench", "--report=r", "--compare=o", "--fail_if=p99>5ms,errors>1%"});
  EXPECT_EQ(bench.bench.compare, "o");
  EXPECT_EQ(bench.bench.fail_if.size(), 2U);
  EXPECT_EQ(Good({"a", "--bench"}).bench.csv, Csv::kNone);
  EXPECT_EQ(Good({"a", "--bench", "--csv"}).bench.csv, Csv::kSummary);
  EXPECT_EQ(Good({"a", "--bench", "--csv=points"}).bench.csv, Csv::kPoints);
  EXPECT_EQ(Good({"a", "--bench", "--compare=o"}).bench.compare, "o");
  EXPECT_THAT(Error({"a", "--bench", "--fail_if=worse"}), HasSubstr("--compare"));
  EXPECT_THAT(Error({"a", "--bench", "--csv", "--json"}), HasSubstr("one of them"));
  EXPECT_THAT(Error({"a", "--bench", "--csv=lines"}), HasSubstr("summary, points"));
  EXPECT_THAT(Error({"a", "--bench", "--fail_if=p99"}), HasSubstr("p99>5ms"));
  EXPECT_THAT(Error({"a", "--bench", "--fail_if=missed"}), HasSubstr("--rate"));
  for (const char* flag : {"--csv", "--fail_if=p99>5ms", "--compare=o"}) {
    EXPECT_THAT(Error({"a", flag}), HasSubstr("only with --bench"));
  }
}

TEST(OptionsTest, TheCommandLineIsKeptWithoutTheValuesOfHeaders) {
  const auto typed = [](std::vector<const char*> arguments) {
    return Good(std::move(arguments)).command_line;
  };
  EXPECT_EQ(typed({"/s", "it's", "--json"}), R"(client /s 'it'\''s' --json)");
  EXPECT_EQ(typed({"/s", "-H", "authorization:secret", "x"}), "client /s -H authorization:... x");
  EXPECT_EQ(typed({"/s", "--metadata=a-token:secret"}), "client /s --metadata=a-token:...");
  EXPECT_EQ(typed({"/s", "--metadata", "a: secret"}), "client /s --metadata a:...");
  EXPECT_EQ(typed({"/s", "-Ha:secret"}), "client /s -Ha:...");
  EXPECT_EQ(typed({"/s", "--", "-H", "a:b"}), "client /s -- -H a:b");
  const std::string message(100'000, 'x');
  EXPECT_LT(typed({"/s", message.c_str()}).size(), 300U);
}

TEST(OptionsTest, ValuesThatLookLikeListsAreNone) {
  EXPECT_EQ(Good({"a", "--payload=[1,2]"}).request.payload, "[1,2]");
  EXPECT_EQ(Good({"a", "--fault=5:[x]"}).request.fault->message, "[x]");
}

TEST(OptionsTest, Faults) {
  EXPECT_EQ(Good({"a", "--fault=unavailable"}).request.fault->code, 14);
  EXPECT_EQ(Good({"a", "--fault=NOT_FOUND:x:y"}).request.fault->message, "x:y");
  EXPECT_EQ(Good({"a", "--fault=16"}).request.fault->code, 16);
  for (const char* bad : {"--fault=0", "--fault=17", "--fault=ok", "--fault=nope"}) {
    EXPECT_THAT(Error({"a", bad}), HasSubstr("--fault"));
  }
  EXPECT_THAT(Error({"a", "--fault_after=3"}), HasSubstr("--fault"));
}

TEST(OptionsTest, MetadataIsChecked) {
  const auto metadata = Good({"a", "-H", "X-Key: value", "--metadata=k-bin:AAE"}).call.metadata;
  ASSERT_EQ(metadata.size(), 2U);
  EXPECT_EQ(metadata[0], std::make_pair(std::string("x-key"), std::string("value")));
  EXPECT_EQ(metadata[1].second, std::string("\0\1", 2));
  EXPECT_THAT(Good({"a", "-H", "@f"}).call.metadata_files, ElementsAre("f"));
  for (const char* bad : {"@", "@-", "nocolon", "a b:c", ":authority", "grpc-x:1", "k-bin:***",
                          "k:\xc3\xa9", "k:a\nb"}) {
    EXPECT_THAT(Error({"a", "-H", bad}), HasSubstr("--metadata"));
  }
}

TEST(OptionsTest, OtherValuesAreChecked) {
  EXPECT_EQ(Good({"a", "--bench", "--size=16KiB"}).bench.size, 16384);
  for (const std::vector<const char*>& bad : std::vector<std::vector<const char*>>{
           {"a", "--shape=round"},
           {"a", "--count=0"},
           {"a", "--count=x"},
           {"a", "--interval=-1"},
           {"a", "--delay=2h"},
           {"a", "--payload=@"},
           {"a", "--compression=zip"},
           {"a", "--authority=a\nb"},
           {"a", "--bench", "--rate=0"},
           {"a", "--bench", "--size=1TiB"},
           {"a", "--bench", "--size=99999999999"},
           {"a", "--bench", "-c", "0"},
           {"a", "--completion=ksh"},
           {"a", "--help=some"},
       }) {
    Error(bad);
  }
}

}  // namespace
}  // namespace udsecho::client
