// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// examples/systemd, by systemd's own word, and its command line by the server's.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/integration/server_process.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {
namespace {

constexpr char kSystemdAnalyze[] = "/usr/bin/systemd-analyze";
constexpr char kUnits[] = "examples/systemd/";
constexpr char kInstalled[] = "/usr/local/sbin/udsechod";

std::string ReadUnit(const std::string& name) {
  std::ifstream file(kUnits + name);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(SystemdUnitsTest, SystemdFindsNoFault) {
  if (access(kSystemdAnalyze, X_OK) != 0) {
    GTEST_SKIP() << "needs " << kSystemdAnalyze << " (Debian's systemd)";
  }
  const support::TempDir dir;
  std::vector<std::string> command = {kSystemdAnalyze, "verify", "--man=no"};
  for (const char* name : {"udsecho.socket", "udsecho.service"}) {
    // It wants the program to be there.
    std::ofstream(dir.Path(name)) << absl::StrReplaceAll(ReadUnit(name),
                                                         {{kInstalled, ServerCommand({})[0]}});
    command.push_back(dir.Path(name));
  }
  const support::Finished verify = support::RunToEnd(command);
  EXPECT_EQ(verify.exit_code, 0);
  EXPECT_FALSE(absl::StrContains(verify.err, "udsecho")) << verify.err;
}

TEST(SystemdUnitsTest, ServiceStartsWithItsFlags) {
  std::vector<std::string> flags;
  for (absl::string_view line : absl::StrSplit(ReadUnit("udsecho.service"), '\n')) {
    if (!absl::ConsumePrefix(&line, "ExecStart=")) continue;
    flags = absl::StrSplit(line, ' ');
  }
  ASSERT_FALSE(flags.empty());
  EXPECT_EQ(flags[0], kInstalled);
  flags.erase(flags.begin());

  const support::TempDir dir;
  const uds::Address address = uds::Address::Parse(dir.Path("s")).value();
  const uds::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(socket.get(), address.socket_address(), address.socket_address_length()), 0);
  ASSERT_EQ(listen(socket.get(), SOMAXCONN), 0);
  std::vector<std::string> command = {"/bin/sh", "-c", R"(LISTEN_PID=$$ exec "$@")", "sh"};
  for (std::string& word : ServerCommand(flags)) command.push_back(std::move(word));
  support::SpawnedProcess server(
      command, {.directory = "", .environment = {"LISTEN_FDS=1"}, .descriptors = {socket.get()}});
  EXPECT_EQ(RunClient({dir.Path("s"), "hi"}).out, "hi\n");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kClean);
}

}  // namespace
}  // namespace udsecho::integration
