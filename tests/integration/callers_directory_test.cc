// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// $BUILD_WORKING_DIRECTORY: where the command was typed, if it is Bazel that runs the program, and
// no matter of ours if it came from somebody that Bazel runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;

class CallersDirectoryTest : public ::testing::Test {
 protected:
  CallersDirectoryTest() {
    for (const char* each : {"typed", "bin/server.runfiles/main", "bin/client.runfiles/main"}) {
      std::filesystem::create_directories(dir_.Path(each));
    }
    std::filesystem::copy_file(server_, dir_.Path("bin/server"));
    std::filesystem::copy_file(client_, dir_.Path("bin/client"));
    setenv("UDSECHO_SERVER", dir_.Path("bin/server").c_str(), 1);
    setenv("UDSECHO_CLIENT", dir_.Path("bin/client").c_str(), 1);
  }
  ~CallersDirectoryTest() override {
    setenv("UDSECHO_SERVER", server_.c_str(), 1);
    setenv("UDSECHO_CLIENT", client_.c_str(), 1);
  }

  support::SpawnOptions In(const std::string& directory, const std::string& typed) const {
    return {dir_.Path(directory),
            {"BUILD_WORKING_DIRECTORY=" + typed, "BUILD_WORKSPACE_DIRECTORY=" + dir_.path()}};
  }

  const support::TempDir dir_;
  const std::string server_ = ServerCommand({})[0];
  const std::string client_ = ClientCommand({})[0];
};

TEST_F(CallersDirectoryTest, BazelRunsIt) {
  const std::string typed = dir_.Path("typed");
  for (const char* address : {"s", "./s", "unix:s"}) {
    ServerProcess server(
        {.path = address, .flags = {}, .spawn = In("bin/server.runfiles/main", typed)});
    EXPECT_TRUE(std::filesystem::is_socket(dir_.Path("typed/s")));
    EXPECT_EQ(RunClient({address, "hi"}, "", In("bin/client.runfiles/main", typed)).out, "hi\n");
    EXPECT_EQ(server.Stop(), kClean);
  }
}

TEST_F(CallersDirectoryTest, BazelRanAnotherProgram) {
  std::filesystem::create_directories(dir_.Path("other.runfiles/main"));
  for (const char* directory : {"bin", "other.runfiles/main"}) {
    const support::SpawnOptions spawn = In(directory, dir_.Path("typed"));
    ServerProcess server({.path = "s", .flags = {}, .spawn = spawn});
    EXPECT_TRUE(std::filesystem::is_socket(dir_.Path(std::string(directory) + "/s")));
    EXPECT_EQ(RunClient({"s", "hi"}, "", spawn).out, "hi\n");
    EXPECT_EQ(server.Stop(), kClean);
  }
}

TEST_F(CallersDirectoryTest, ADirectoryThatIsGone) {
  const std::string gone = dir_.Path("gone");
  EXPECT_THAT(RunServer({"s"}, In("bin/server.runfiles/main", gone)).err, HasSubstr(gone));
  const support::Finished client = RunClient({"s", "hi"}, "", In("bin/client.runfiles/main", gone));
  EXPECT_EQ(client.exit_code, kExitNoConnection);
  EXPECT_THAT(client.err, HasSubstr(gone));
}

}  // namespace
}  // namespace udsecho::integration
