// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A mount that covers a socket's path: in a mount namespace of the test's own, where nobody else mounts.

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <string>

#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"
#include "uds/listener.h"

namespace uds {
namespace {

using ::support::IsOk;
using ::support::StatusIs;

constexpr int kCannot = 77;  // a child's exit code: this machine does not let it try

TEST(PathWatchMountTest, TellsOfAMountOverIt) {
  const support::TempDir dir;
  support::ChildProcess child([&](support::Doorbell&) {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      return kCannot;
    }
    const std::string directory = dir.Path("d");
    CheckThat(mkdir(directory.c_str(), 0700) == 0, "mkdir");
    const std::string path = directory + "/s";
    const Listener listener = Listener::Open(AddressOf(path)).value();
    pollfd readable = {listener.watch_fd(), POLLIN, 0};
    EXPECT_EQ(poll(&readable, 1, 0), 0);
    if (mount("none", directory.c_str(), "tmpfs", 0, nullptr) != 0) return kCannot;
    EXPECT_EQ(poll(&readable, 1, 0), 1);
    EXPECT_THAT(listener.CheckStillOurs(), StatusIs(absl::StatusCode::kNotFound));
    EXPECT_EQ(poll(&readable, 1, 0), 0);
    EXPECT_EQ(umount(directory.c_str()), 0);
    EXPECT_EQ(poll(&readable, 1, 0), 1);
    EXPECT_THAT(listener.CheckStillOurs(), IsOk());
    return 0;
  });
  const int code = child.Wait();
  if (code == kCannot) GTEST_SKIP() << "needs root, to mount";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace uds
