// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/options.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/limits.h"
#include "rpc/server.h"

namespace udsecho {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

Command ParseArguments(const std::vector<std::string>& arguments) {
  std::vector<const char*> pointers = {"server"};
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
  return ParseCommandLine(static_cast<int>(pointers.size()), pointers.data());
}

rpc::ServerOptions ServerOptionsOf(const std::vector<std::string>& flags) {
  std::vector<std::string> arguments = {"/tmp/s"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  Command command = ParseArguments(arguments);
  EXPECT_TRUE(command.options.has_value()) << testing::PrintToString(flags);
  if (!command.options.has_value()) return {};
  return command.options->server;
}

rpc::Limits Limits(const std::vector<std::string>& flags) { return ServerOptionsOf(flags).limits; }

// What is said on standard error of a command line that is refused.
std::string Error(std::vector<std::string> flags) {
  flags.insert(flags.begin(), "/tmp/s");
  testing::internal::CaptureStderr();
  const Command command = ParseArguments(flags);
  std::string error = testing::internal::GetCapturedStderr();
  EXPECT_FALSE(command.options.has_value()) << testing::PrintToString(flags);
  EXPECT_EQ(command.exit_code, 2);
  EXPECT_THAT(error, EndsWith("\n"));
  EXPECT_THAT(error.substr(0, error.size() - 1), Not(HasSubstr("\n")));
  return error;
}

std::string Help() {
  testing::internal::CaptureStdout();
  EXPECT_EQ(ParseArguments({"--help"}).exit_code, 0);
  return testing::internal::GetCapturedStdout();
}

TEST(OptionsTest, LimitsAreTheLibrarysUnlessGiven) {
  const rpc::Limits given = Limits({});
  const rpc::Limits defaults;
  EXPECT_EQ(given.max_connections, defaults.max_connections);
  EXPECT_EQ(given.max_memory_bytes, defaults.max_memory_bytes);
  EXPECT_EQ(given.send_timeout, defaults.send_timeout);
  EXPECT_EQ(given.max_connection_age, defaults.max_connection_age);
  EXPECT_EQ(given.max_metadata_bytes, defaults.max_metadata_bytes);
  EXPECT_EQ(given.min_ping_interval, defaults.min_ping_interval);
  EXPECT_EQ(given.pings_when_idle, defaults.pings_when_idle);
}

// What is refused here needs no check later.
TEST(OptionsTest, TheLeastAndTheMostOfEachMakeSenseToTheLibrary) {
  EXPECT_TRUE(
      Limits({"--max_connections=1", "--max_silent_connections=1", "--max_calls=1",
              "--max_message=1B", "--max_memory=16MiB", "--max_metadata=1KiB",
              "--handshake_timeout=1ms", "--send_timeout=1ms", "--max_connection_idle=1ms",
              "--max_connection_age=1ms", "--max_connection_age_grace=0", "--min_ping_interval=0"})
          .Check()
          .ok());
  EXPECT_TRUE(Limits({"--max_connections=1000000", "--max_message=1GiB", "--max_memory=65536GiB",
                      "--max_metadata=1MiB", "--handshake_timeout=24h", "--send_timeout=24h",
                      "--max_connection_age_grace=inf", "--min_ping_interval=24h"})
                  .Check()
                  .ok());
}

TEST(OptionsTest, EachLimitHasItsFlag) {
  const rpc::Limits limits = Limits(
      {"--max_connections=101", "--max_connections_per_uid=52", "--max_silent_connections=3",
       "--handshake_timeout=4s", "--max_calls=205", "--max_calls_per_uid=106", "--max_message=7MiB",
       "--max_memory=80MB", "--send_timeout=9", "--max_connection_idle=1m",
       "--max_connection_age=1h", "--max_connection_age_grace=500ms", "--max_metadata=16KiB",
       "--min_ping_interval=5m", "--pings_when_idle=false"});
  EXPECT_EQ(limits.max_connections, 101);
  EXPECT_EQ(limits.max_connections_per_uid, 52);
  EXPECT_EQ(limits.max_silent_connections, 3);
  EXPECT_EQ(limits.handshake_timeout, absl::Seconds(4));
  EXPECT_EQ(limits.max_calls, 205);
  EXPECT_EQ(limits.max_calls_per_uid, 106);
  EXPECT_EQ(limits.max_message_bytes, 7 << 20);
  EXPECT_EQ(limits.max_memory_bytes, 80'000'000);
  EXPECT_EQ(limits.send_timeout, absl::Seconds(9));
  EXPECT_EQ(limits.max_connection_idle, absl::Minutes(1));
  EXPECT_EQ(limits.max_connection_age, absl::Hours(1));
  EXPECT_EQ(limits.max_connection_age_grace, absl::Milliseconds(500));
  EXPECT_EQ(limits.max_metadata_bytes, 16 << 10);
  EXPECT_EQ(limits.min_ping_interval, absl::Minutes(5));
  EXPECT_FALSE(limits.pings_when_idle);
}

TEST(OptionsTest, BusyPollIsShortOrNothing) {
  EXPECT_EQ(ServerOptionsOf({}).busy_poll, rpc::ServerOptions().busy_poll);
  EXPECT_EQ(ServerOptionsOf({"--busy_poll=0"}).busy_poll, absl::ZeroDuration());
  EXPECT_EQ(ServerOptionsOf({"--busy_poll=20us"}).busy_poll, absl::Microseconds(20));
  EXPECT_THAT(Error({"--busy_poll=-1us"}), HasSubstr("--busy_poll"));
  EXPECT_THAT(Error({"--busy_poll=1s"}), HasSubstr("10ms"));
  EXPECT_EQ(ServerOptionsOf({}).shards, 1);
  EXPECT_EQ(ServerOptionsOf({"--shards=2"}).shards, 2);
  for (const char* bad : {"0", "-1", "65", "two", "1.5"}) {
    EXPECT_THAT(Error({absl::StrCat("--shards=", bad)}), HasSubstr("--shards")) << bad;
  }
}

TEST(OptionsTest, NeverIsInfinite) {
  EXPECT_EQ(Limits({"--max_connection_age=inf"}).max_connection_age, absl::InfiniteDuration());
  EXPECT_EQ(Limits({"--max_connection_idle=inf"}).max_connection_idle, absl::InfiniteDuration());
}

TEST(OptionsTest, CountsAreWholeAndFromOne) {
  for (const char* flag : {"--max_connections", "--max_connections_per_uid",
                           "--max_silent_connections", "--max_calls", "--max_calls_per_uid"}) {
    for (const char* bad : {"0", "-1", "1.5", "many", "", "1000001", "99999999999", "1k"}) {
      EXPECT_THAT(Error({absl::StrCat(flag, "=", bad)}), HasSubstr(flag)) << bad;
    }
  }
}

TEST(OptionsTest, TimeoutsAreAboveZeroAndEnd) {
  for (const char* flag : {"--handshake_timeout", "--send_timeout"}) {
    for (const char* bad : {"0", "-1s", "0.1ms", "25h", "inf", "nan", "soon"}) {
      EXPECT_THAT(Error({absl::StrCat(flag, "=", bad)}), HasSubstr(flag)) << bad;
    }
  }
  for (const char* flag : {"--max_connection_idle", "--max_connection_age"}) {
    for (const char* bad : {"0", "-1s", "-inf"}) {
      EXPECT_THAT(Error({absl::StrCat(flag, "=", bad)}), HasSubstr(flag)) << bad;
    }
  }
  EXPECT_THAT(Error({"--max_connection_age_grace=-1"}), HasSubstr("--max_connection_age_grace"));
  for (const char* bad : {"-1s", "25h", "inf", "soon"}) {
    EXPECT_THAT(Error({absl::StrCat("--min_ping_interval=", bad)}),
                HasSubstr("--min_ping_interval"))
        << bad;
  }
}

TEST(OptionsTest, PingsWhenIdleAreTrueOrFalse) {
  EXPECT_TRUE(Limits({"--pings_when_idle=true"}).pings_when_idle);
  for (const char* bad : {"", "1", "no", "True"}) {
    EXPECT_THAT(Error({absl::StrCat("--pings_when_idle=", bad)}), HasSubstr("--pings_when_idle"))
        << bad;
  }
}

TEST(OptionsTest, SizesAreWithinWhatWorks) {
  EXPECT_THAT(Error({"--max_message=0"}), HasSubstr("--max_message"));
  EXPECT_THAT(Error({"--max_message=2GiB"}), HasSubstr("1GiB"));
  EXPECT_THAT(Error({"--max_memory=1MiB"}), HasSubstr("16MiB"));
  EXPECT_THAT(Error({"--max_metadata=1000B"}), HasSubstr("1KiB"));
  EXPECT_THAT(Error({"--max_metadata=2MiB"}), HasSubstr("1MiB"));
  EXPECT_THAT(Error({"--max_memory=64M"}), AllOf(HasSubstr("64M"), HasSubstr("64MiB")));
}

TEST(OptionsTest, LimitsMustMakeSenseTogether) {
  EXPECT_THAT(Error({"--max_calls=10", "--max_calls_per_uid=11"}),
              HasSubstr("--max_calls_per_uid"));
  EXPECT_THAT(Error({"--max_connections=10", "--max_connections_per_uid=11"}),
              HasSubstr("--max_connections_per_uid"));
  EXPECT_THAT(Error({"--max_message=32MiB", "--max_memory=16MiB"}),
              AllOf(HasSubstr("--max_message"), HasSubstr("--max_memory")));
  // A default that is above what was given for all simply does not apply.
  EXPECT_EQ(Limits({"--max_calls=10"}).max_calls, 10);
}

TEST(OptionsTest, WhoMayCall) {
  const Command by_default = ParseArguments({"/tmp/s"});
  ASSERT_TRUE(by_default.options.has_value());
  EXPECT_EQ(by_default.options->listener.mode, 0600U);
  EXPECT_EQ(by_default.options->listener.group, std::nullopt);
  EXPECT_TRUE(by_default.options->allow.empty());
  const Command given = ParseArguments(
      {"/tmp/s", "--mode=660", "--group=mail", "--allow=uid:1000,gid:7", "--allow", "user:daemon"});
  ASSERT_TRUE(given.options.has_value());
  EXPECT_EQ(given.options->listener.mode, 0660U);
  EXPECT_EQ(given.options->listener.group, gid_t{8});  // everywhere in Debian
  for (const uid_t uid : {1000U, 1U}) {
    EXPECT_TRUE(given.options->allow.Check({uid, 5, {}, std::nullopt}).ok()) << uid;
  }
  EXPECT_TRUE(given.options->allow.Check({5, 5, {6, 7}, std::nullopt}).ok());
  EXPECT_FALSE(given.options->allow.Check({5, 5, {}, std::nullopt}).ok());
}

TEST(OptionsTest, WhereThePathMayBeAndWhetherToWaitForIt) {
  const auto claim = [](const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {"/tmp/s"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return ParseArguments(arguments).options.value().listener.claim;
  };
  EXPECT_FALSE(claim({}).allow_shared_directory);
  EXPECT_TRUE(claim({"--allow_shared_directory"}).allow_shared_directory);
  EXPECT_EQ(claim({}).wait, rpc::ServerOptions().grace + absl::Seconds(2));
  EXPECT_EQ(claim({"--grace=1m"}).wait, absl::Seconds(62));
  EXPECT_EQ(claim({"--grace=1m", "--wait_for_path=1s"}).wait, absl::Seconds(1));
  EXPECT_EQ(claim({"--wait_for_path=0"}).wait, absl::ZeroDuration());
  for (const char* wrong : {"-1s", "inf", "25h", "soon"}) {
    EXPECT_THAT(Error({absl::StrCat("--wait_for_path=", wrong)}), HasSubstr("--wait_for_path"));
  }
}

TEST(OptionsTest, AListLeavesTheAddressAlone) {
  const Command command = ParseArguments({"--allow=uid:1000", "/tmp/s"});
  ASSERT_TRUE(command.options.has_value());
  EXPECT_EQ(command.options->address.name(), "/tmp/s");
  EXPECT_TRUE(command.options->allow.Check({1000, 5, {}, std::nullopt}).ok());
}

TEST(OptionsTest, RepliesMayBeEmpty) {
  const auto reply = [](const std::vector<std::string>& flags) {
    const Command command = ParseArguments(flags);
    return command.options.has_value() ? command.options->reply : "refused";
  };
  EXPECT_EQ(reply({"/tmp/s"}), std::nullopt);
  EXPECT_EQ(reply({"/tmp/s", "--reply="}), "");
  EXPECT_EQ(reply({"/tmp/s", "--reply", "[a,b]"}), "[a,b]");
  EXPECT_EQ(reply({"--reply=a", "/tmp/s", "--reply=b"}), "b");
}

TEST(OptionsTest, DashesInAFlagMeanUnderscores) {
  const Command command = ParseArguments({"/tmp/s", "--log-format=json", "--max-calls=10"});
  ASSERT_TRUE(command.options.has_value());
  EXPECT_EQ(command.options->log.format, LogFormat::kJson);
  EXPECT_EQ(command.options->server.limits.max_calls, 10);
}

TEST(OptionsTest, AbstractNamesNeedAnAllowList) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(ParseArguments({"unix-abstract:x"}).exit_code, 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("--allow"));
  EXPECT_TRUE(ParseArguments({"unix-abstract:x", "--allow=uid:1"}).options.has_value());
}

TEST(OptionsTest, HelpTellsDefaultsAndFitsATerminal) {
  const std::string help = Help();
  EXPECT_THAT(help, HasSubstr(absl::StrCat("(", rpc::Limits().max_connections, ")")));
  EXPECT_THAT(help, HasSubstr("(256MiB)"));
  std::size_t line_begin = 0;
  for (std::size_t end = help.find('\n'); end != std::string::npos;
       end = help.find('\n', line_begin)) {
    EXPECT_LE(end - line_begin, 100U) << help.substr(line_begin, end - line_begin);
    line_begin = end + 1;
  }
}

}  // namespace
}  // namespace udsecho
