// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Command lines that the server refuses: exit code 2, one line that names what is wrong, and no
// socket.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

constexpr int kFailed = 1;  // of either program

using ::testing::HasSubstr;

class ServerUsageTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(std::filesystem::is_empty(dir_.path())); }

  void ExpectRefused(const std::vector<std::string>& arguments, const std::string& told) {
    const support::Finished server = RunServer(arguments, {dir_.path(), {}});
    const std::string line = ::testing::PrintToString(arguments);
    EXPECT_EQ(server.exit_code, kUsage) << line;
    EXPECT_EQ(server.out, "") << line;
    EXPECT_TRUE(IsOneLine(server.err)) << line << ": " << server.err;
    EXPECT_THAT(server.err, HasSubstr(told)) << line;
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
};

TEST_F(ServerUsageTest, NoAddressOrTooMany) {
  ExpectRefused({}, "ADDRESS");
  ExpectRefused({path_, "another"}, "another");
}

TEST_F(ServerUsageTest, NoAddressOfASocket) {
  ExpectRefused({""}, "ADDRESS");
  ExpectRefused({"."}, "ADDRESS");
  ExpectRefused({dir_.path() + "/"}, dir_.path());
  ExpectRefused({"localhost:50051"}, "localhost:50051");
  ExpectRefused({"tcp:localhost:50051"}, "tcp");
  ExpectRefused({"unix://relative"}, "unix");
}

TEST_F(ServerUsageTest, WordsThatAreNoPaths) {
  ExpectRefused({"help"}, "server --help");
  ExpectRefused({"50051"}, "./50051");
  ExpectRefused({"127.0.0.1"}, "Unix sockets");
  ExpectRefused({"http://localhost:50051"}, "Unix sockets");
  ExpectRefused({"dns:///localhost:50051"}, "Unix sockets");
  ExpectRefused({"unix:/tmp/a?b"}, "%3F");
}

TEST_F(ServerUsageTest, AbstractName) { ExpectRefused({"unix-abstract:name"}, "abstract"); }

TEST_F(ServerUsageTest, WhoMayCall) {
  for (const char* mode : {"0400", "0000", "1777", "999", "u+w", "-1", "rw", "0x1b6"}) {
    ExpectRefused({path_, absl::StrCat("--mode=", mode)}, "--mode");
  }
  ExpectRefused({path_, "--mode="}, "--mode");
  ExpectRefused({path_, "--group=no-such-group"}, "no-such-group");
  ExpectRefused({path_, "--group=4294967295"}, "4294967295");
  ExpectRefused({path_, "--allow=no-such"}, "no-such");
  ExpectRefused({path_, "--allow=uid:1000,user:no-such-user"}, "no-such-user");
  ExpectRefused({path_, "--allow="}, "--allow");
  ExpectRefused({path_, "--allow"}, "--allow");
}

TEST_F(ServerUsageTest, PermissionsOfAnAbstractName) {
  ExpectRefused({"unix-abstract:name", "--allow=uid:1000", "--mode=0600"}, "--mode");
  ExpectRefused({"unix-abstract:name", "--allow=uid:1000", "--group=0"}, "--group");
}

TEST_F(ServerUsageTest, UnknownFlag) {
  ExpectRefused({path_, "--no_such"}, "--no_such");
  ExpectRefused({path_, "--log_fromat=json"}, "did you mean --log_format?");
  ExpectRefused({path_, "--max_conections=5"}, "--max_connections");
  ExpectRefused({path_, "-x"}, "-x");
}

TEST_F(ServerUsageTest, ValueThatIsMissing) {
  ExpectRefused({path_, "--reply"}, "--reply=TEXT");
  ExpectRefused({path_, "--grace", "--interop"}, "--grace=TIME");
  ExpectRefused({path_, "--interop=maybe"}, "--interop");
}

// The answers that are printed, and what goes wrong with that.
TEST_F(ServerUsageTest, Questions) {
  for (const char* question : {"--help", "-h", "-help", "--version", "--completion=fish"}) {
    const support::Finished server = RunServer({question, "--mode=9999", "nowhere/"});
    EXPECT_EQ(server.exit_code, kClean) << question;
    EXPECT_NE(server.out, "") << question;
    EXPECT_EQ(server.err, "") << question;
  }
  EXPECT_TRUE(IsOneLine(RunServer({"--version"}).out));
  EXPECT_LE(LongestLine(RunServer({"--help"}).out), 80u);
  EXPECT_LE(LongestLine(RunServer({"--help=all"}).out), 80u);
}

TEST_F(ServerUsageTest, AnswersThatCannotBeWritten) {
  const std::vector<std::vector<std::string>> programs = {ServerCommand({}), ClientCommand({})};
  for (const std::vector<std::string>& program : programs) {
    for (const char* question : {"--help", "--version", "--completion=bash"}) {
      for (const char* output : {">/dev/full", ">&-"}) {
        const support::Finished shell = support::RunToEnd(
            {"/bin/sh", "-c", absl::StrCat("\"$@\" ", output), "sh", program[0], question});
        EXPECT_EQ(shell.exit_code, kFailed) << program[0] << " " << question << " " << output;
        EXPECT_TRUE(IsOneLine(shell.err)) << shell.err;
      }
    }
  }
}

TEST_F(ServerUsageTest, AnEmptyValue) {
  ExpectRefused({path_, "--shards="}, "--shards=N");
  ExpectRefused({path_, "--allow", ""}, "--allow");
}

TEST_F(ServerUsageTest, Grace) {
  for (const char* grace : {"soon", "-1s", "25h", "inf", "nan", "1 0", "10x"}) {
    ExpectRefused({path_, absl::StrCat("--grace=", grace)}, "--grace");
  }
  ExpectRefused({path_, "--grace="}, "--grace");
  ExpectRefused({path_, "--grace"}, "--grace");
}

TEST_F(ServerUsageTest, LogFlags) {
  ExpectRefused({path_, "--log_format=xml"}, "--log_format");
  ExpectRefused({path_, "--log_level=loud"}, "--log_level");
  ExpectRefused({path_, "--log_level="}, "--log_level");
}

// A reply that no client could read.
TEST_F(ServerUsageTest, ReplyThatIsNotUtf8) {
  ExpectRefused({path_, "--reply=not \xff fine"}, "--reply");
}

TEST_F(ServerUsageTest, WhatIsWrongCannotForgeALine) {
  ExpectRefused({"/tmp/a\nb\x1b[2J/"}, "ADDRESS");
  ExpectRefused({path_, "--no\nsuch"}, "such");
  ExpectRefused({path_, "--grace=1\n2"}, "--grace");
}

}  // namespace
}  // namespace udsecho::integration
