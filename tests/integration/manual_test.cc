// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The manual pages, which are made from what the programs say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "cli/version.h"
#include "tests/integration/programs.h"
#include "tests/support/spawned_process.h"
#include "tests/support/temp_dir.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string PageOf(const std::string& file) {
  std::ifstream stream("tools/man/" + file);
  std::string page{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  page.erase(std::remove(page.begin(), page.end(), '\\'), page.end());
  return page;
}

void ExpectEachFlagOf(const std::string& help, const std::string& page) {
  for (const absl::string_view line : absl::StrSplit(help, '\n')) {
    const size_t flag = line.find("--");
    if (!absl::StartsWith(line, "  -") || flag == absl::string_view::npos) continue;
    const std::string name(line.substr(flag, line.find_first_of("=[ ", flag) - flag));
    EXPECT_THAT(page, HasSubstr(name));
  }
}

void ExpectWhole(const std::string& page, const std::string& name) {
  for (const char* heading : {"EXAMPLES", "FILES", "ENVIRONMENT"}) {
    EXPECT_THAT(page, HasSubstr(std::string(".SH ") + heading)) << name;
  }
  EXPECT_THAT(page, HasSubstr("EXIT STATUS"));
  EXPECT_THAT(page, HasSubstr("\n" + name + " - "));
  EXPECT_THAT(page, HasSubstr(std::string("udsecho ") + cli::kVersion));
  absl::CivilDay day;
  ASSERT_TRUE(absl::ParseCivilTime(cli::kVersionDate, &day));
  const absl::Time date = absl::FromCivil(day, absl::UTCTimeZone());
  EXPECT_THAT(page, HasSubstr(absl::FormatTime("%B %Y", date, absl::UTCTimeZone()))) << name;
}

TEST(ManualTest, OfTheClient) {
  const std::string page = PageOf("client.1");
  ExpectEachFlagOf(RunClient({"--help=all"}).out, page);
  ExpectWhole(page, "client");
}

TEST(ManualTest, OfTheServer) {
  const std::string page = PageOf("server.8");
  ExpectEachFlagOf(RunServer({"--help"}).out, page);
  ExpectWhole(page, "server");
}

// The names by which Debian's packages install them (tools/package).
TEST(ManualTest, ProgramsSayTheNameThatTheyAreInstalledBy) {
  const support::TempDir dir;
  const std::string server = dir.Path("udsechod");
  const std::string client = dir.Path("udsecho");
  std::filesystem::create_symlink(std::filesystem::absolute(ServerCommand({})[0]), server);
  std::filesystem::create_symlink(std::filesystem::absolute(ClientCommand({})[0]), client);
  EXPECT_THAT(support::RunToEnd({server, "--help"}).out, StartsWith("Usage: udsechod ADDRESS"));
  EXPECT_THAT(support::RunToEnd({server, "start"}).err, StartsWith("udsechod: "));
  EXPECT_THAT(support::RunToEnd({client, "--help"}).out, StartsWith("Usage: udsecho ADDRESS"));
  EXPECT_THAT(support::RunToEnd({client, "--version"}).out, StartsWith("udsecho (udsecho) "));
  EXPECT_THAT(support::RunToEnd({client}).err, StartsWith("udsecho: "));
}

// Any other name may be hostile, and is not repeated.
TEST(ManualTest, ProgramsSayNoOtherName) {
  const support::TempDir dir;
  const std::string server = dir.Path("a\x1b[2Jb");
  std::filesystem::create_symlink(std::filesystem::absolute(ServerCommand({})[0]), server);
  EXPECT_THAT(support::RunToEnd({server, "--help"}).out, StartsWith("Usage: server ADDRESS"));
}

}  // namespace
}  // namespace udsecho::integration
