// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Completions as a person gets them: real shells at a terminal, the scripts loaded as README.md
// says, keys typed, Tab among them. A function in the program's place shows what came of the line.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/integration/programs.h"
#include "tests/support/temp_dir.h"
#include "tests/support/terminal.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {
namespace {

struct ShellKind {
  const char* name;
  std::vector<std::string> command;
  std::string needs;    // a file that is there if the shell is
  std::string load;     // of %s, the program
  std::string replace;  // what takes the place of %s, and shows its arguments: <a=b=c>
  // Keys that come right after Tab would undo its work: whoever types looks at the line first.
  bool is_slow = false;
};

// Keys, then Tab; and what the line has in the place of the last word then.
struct Step {
  std::string keys;
  std::string shown;
};

void PrintTo(const ShellKind& kind, std::ostream* out) { *out << kind.name; }

constexpr char kPosixReplace[] = "%s() { local IFS==; echo \"<$*>\"; }";
// Shows "<ready>", which is not what is typed.
constexpr char kReady[] = "echo '<rea''dy>'";

class CompletionTest : public ::testing::TestWithParam<ShellKind> {
 protected:
  void SetUp() override {
    const ShellKind& kind = GetParam();
    if (!std::filesystem::exists(kind.needs)) GTEST_SKIP() << "there is no " << kind.needs;
    std::filesystem::create_directories(dir_.Path("bin"));
    std::filesystem::create_directories(dir_.Path("there/sub"));
    std::filesystem::create_directories(dir_.Path("there/many/inner"));
    std::filesystem::create_symlink(ClientCommand({})[0], dir_.Path("bin/client"));
    std::filesystem::create_symlink(ServerCommand({})[0], dir_.Path("bin/server"));
    for (const char* file : {"sock1.lock", "sock1.log", "bytes.bin", "my file", "many/bfile",
                             "many/bother", "many/a file", "many/a flat", "many/inner/only"}) {
      std::ofstream(dir_.Path(absl::StrCat("there/", file))) << file;
    }
    for (const char* path : {"there/sock1", "there/sub/sock2"}) MakeSocket(dir_.Path(path));
  }

  static void MakeSocket(const std::string& path) {
    const uds::Address address = uds::Address::Parse(path).value();
    const uds::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(bind(fd.get(), address.socket_address(), address.socket_address_length()), 0);
  }

  // The program's name, then `steps`, then Enter: it is called with `arguments`, which are joined
  // by '=', since some shells complete "--flag=" and others "--flag ".
  void Expect(const std::string& program, const std::vector<Step>& steps,
              const std::string& arguments) {
    ExpectEnd(program, steps, absl::StrCat("<", arguments));
  }

  // Likewise, where only the end of the arguments is the same in each shell.
  void ExpectEnd(const std::string& program, const std::vector<Step>& steps,
                 const std::string& end) {
    SCOPED_TRACE(absl::StrCat(program, " ", steps.front().keys));
    const ShellKind& kind = GetParam();
    std::vector<std::string> command = {"/usr/bin/env", "-C", dir_.Path("there"),
                                        "HOME=" + dir_.path(),
                                        absl::StrCat("PATH=", dir_.Path("bin"), ":/usr/bin:/bin")};
    command.insert(command.end(), kind.command.begin(), kind.command.end());
    support::Terminal shell(command);
    // A line at a time: a shell that starts may throw away what is typed before its prompt.
    for (const std::string& line : {std::string("true"), kind.load, kind.replace}) {
      shell.Type(absl::StrCat(absl::StrReplaceAll(line, {{"%s", program}}), "; ", kReady, "\r"));
      ASSERT_TRUE(shell.Sees("<ready>"));
    }
    shell.Type(program + " ");
    for (const Step& step : steps) {
      shell.Type(step.keys + "\t");
      if (kind.is_slow) {
        ASSERT_TRUE(shell.Sees(step.shown));
      }
    }
    shell.Type("\r");
    EXPECT_TRUE(shell.Sees(end + ">"));
  }

  const support::TempDir dir_;
};

TEST_P(CompletionTest, FlagsAndTheirValues) {
  Expect("client", {{"--compr", "--compression"}, {"gz", "gzip"}}, "--compression=gzip");
  Expect("client", {{"--shape ex", "expand"}}, "--shape=expand");
  Expect("client", {{"./sock1 --fault=UNAV", "UNAVAILABLE"}}, "./sock1=--fault=UNAVAILABLE");
  Expect("server", {{"--log_fo", "--log_format"}, {"js", "json"}}, "--log_format=json");
  Expect("server", {{"./sock1 --pings_when_idle=f", "false"}}, "./sock1=--pings_when_idle=false");
  Expect("client", {{"--help=a", "all"}}, "--help=all");
}

TEST_P(CompletionTest, FlagsWithHyphens) {
  ExpectEnd("server", {{"--log-level=d", "debug"}}, "level=debug");
  ExpectEnd("server", {{"--log-level d", "debug"}}, "level=debug");
  ExpectEnd("server", {{"--log-level info ./so", "./sock1"}}, "level=info=./sock1");
  ExpectEnd("server", {{"--access-log=by", "bytes.bin"}}, "log=bytes.bin");
}

TEST_P(CompletionTest, CodesInEitherCase) {
  const bool is_fish = GetParam().name == std::string("fish");
  for (const char* begin : {"--fault=una", "--fault una"}) {
    Expect("client", {{begin, "unauthenticated"}, {"v", "unavailable"}},
           is_fish ? "--fault=unavailable" : "--fault=UNAVAILABLE");
  }
}

TEST_P(CompletionTest, Files) {
  Expect("client", {{"--payload=@b", "@bytes.bin"}}, "--payload=@bytes.bin");
  Expect("client", {{"--output=by", "bytes.bin"}}, "--output=bytes.bin");
  Expect("client", {{"-o by", "bytes.bin"}}, "-o=bytes.bin");
  Expect("client", {{"-o=by", "bytes.bin"}}, "-o=bytes.bin");
  Expect("server", {{"--access_log=by", "bytes.bin"}}, "--access_log=bytes.bin");
  Expect("client", {{"--output=my", "my\\ file"}}, "--output=my file");
}

// The first Tab finds more than one file, and lists them.
TEST_P(CompletionTest, OneOfSeveralFiles) {
  for (const char* begin : {"--payload=@", "--payload @", "--output=", "-o="}) {
    const std::string arguments = absl::StrReplaceAll(begin, {{" ", "="}});
    const auto keys = [&](const char* path) { return absl::StrCat(begin, "many/", path); };
    Expect("client", {{keys("b"), "bother"}, {"f", "bfile"}}, arguments + "many/bfile");
    Expect("client", {{keys("a"), "a\\ f"}, {"i", "a\\ file"}}, arguments + "many/a file");
    Expect("client", {{keys("i"), "inner/"}, {"o", "inner/only"}}, arguments + "many/inner/only");
  }
  Expect("client", {{"--payload=\"@many/a", "a f"}, {"i", "file"}}, "--payload=@many/a file");
}

TEST_P(CompletionTest, SocketsAndDirectoriesAlone) {
  for (const char* program : {"client", "server"}) {
    Expect(program, {{"./so", "./sock1"}}, "./sock1");
    Expect(program, {{"./su", "./sub/"}, {"so", "./sub/sock2"}}, "./sub/sock2");
    Expect(program, {{dir_.Path("there/so"), "/there/sock1"}}, dir_.Path("there/sock1"));
  }
  Expect("client", {{"--verbose --timeout 3 ./so", "./sock1"}}, "--verbose=--timeout=3=./sock1");
  Expect("client", {{"unix:so", "unix:sock1"}}, "unix:sock1");
}

INSTANTIATE_TEST_SUITE_P(
    Shells, CompletionTest,
    testing::Values(ShellKind{"bash",
                              {"/bin/bash", "--norc", "--noprofile", "-i"},
                              "/bin/bash",
                              "source <(%s --completion=bash)",
                              kPosixReplace},
                    ShellKind{"bash_completion",
                              {"/bin/bash", "--norc", "--noprofile", "-i"},
                              "/usr/share/bash-completion/bash_completion",
                              "source /usr/share/bash-completion/bash_completion; source <(%s "
                              "--completion=bash)",
                              kPosixReplace},
                    ShellKind{"bash_that_parts_less",
                              {"/bin/bash", "--norc", "--noprofile", "-i"},
                              "/bin/bash",
                              "COMP_WORDBREAKS=${COMP_WORDBREAKS//[=:@]/}; source <(%s "
                              "--completion=bash)",
                              kPosixReplace},
                    ShellKind{"zsh",
                              {"/usr/bin/zsh", "-f", "-i"},
                              "/usr/bin/zsh",
                              "source <(%s --completion=zsh)",
                              kPosixReplace},
                    ShellKind{"fish",
                              {"/usr/bin/fish", "--no-config", "-i"},
                              "/usr/bin/fish",
                              "set -g fish_autosuggestion_enabled 0; %s --completion=fish | source",
                              "function %s; echo '<'(string join = -- $argv)'>'; end",
                              true}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace udsecho::integration
