// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What examples/systemd/udsecho.service takes away: no sockets but Unix ones, and of /proc the
// processes alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"
#include "uds/claim.h"

// As RestrictAddressFamilies=AF_UNIX has it.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc has __ in them
extern "C" int socket(int domain, int type, int protocol) noexcept {
  if (domain == AF_UNIX) return static_cast<int>(syscall(SYS_socket, domain, type, protocol));
  errno = EAFNOSUPPORT;
  return -1;
}

namespace uds {
namespace {

using ::support::ChildProcess;
using ::support::Doorbell;
using ::support::IsOk;
using ::support::StatusIs;

constexpr int kMayNot = 77;

// As ProcSubset=pid has it, in a mount namespace of this process.
bool HideAllButProcesses() {
  return unshare(CLONE_NEWNS) == 0 &&
         mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("proc", "/proc", "proc", 0, "subset=pid") == 0 && !Exists("/proc/net");
}

TEST(ClaimHardenedTest, TellsTheDeadFromTheLiving) {
  const support::TempDir dir;
  const std::string dead = dir.Path("dead");
  const std::string alive = dir.Path("alive");
  LeaveDeadSocket(dead);
  const UniqueFd bound = Bound(alive);
  ChildProcess child([&](Doorbell&) {
    if (!HideAllButProcesses()) return kMayNot;
    EXPECT_THAT(Claim::Take(AddressOf(dead)), IsOk());
    EXPECT_THAT(Claim::Take(AddressOf(alive)), StatusIs(absl::StatusCode::kAlreadyExists));
    return 0;
  });
  const int code = child.Wait();
  if (code == kMayNot) GTEST_SKIP() << "needs root, and a kernel whose /proc has subset=pid";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace uds
