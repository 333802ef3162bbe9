// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A second process for a test: what it does to itself (limits, uid, directory, death) stays there.
//
//   support::ChildProcess child([](support::Doorbell& parent) {
//     auto listener = uds::Listener::Open(address);
//     parent.Ring();
//     parent.Wait();            // until the parent rings, or ends
//     return listener.ok() ? 0 : 1;
//   });
//   child.bell().Wait();
//   child.Kill(SIGKILL);
//   EXPECT_EQ(child.Wait(), 128 + SIGKILL);
//
// Forks, so start it while the test has one thread. Failed EXPECTs in the child are printed, and
// make its exit code kFailedExpectation if the body returns 0. No destructors run at its end but
// those of the body.

#ifndef TESTS_SUPPORT_CHILD_PROCESS_H_
#define TESTS_SUPPORT_CHILD_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <utility>

#include "uds/unique_fd.h"

namespace support {

// One side of a pair: each side's Ring() ends one Wait() of the other.
class Doorbell {
 public:
  Doorbell() = default;
  explicit Doorbell(uds::UniqueFd fd) : fd_(std::move(fd)) {}

  void Ring();
  // False when the other side has ended without ringing.
  bool Wait();

 private:
  uds::UniqueFd fd_;
};

class ChildProcess {
 public:
  static constexpr int kFailedExpectation = 99;

  explicit ChildProcess(const std::function<int(Doorbell& parent)>& body);
  ~ChildProcess();  // kills it if it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  Doorbell& bell() { return bell_; }
  void Kill(int signal) const;
  // Its exit code, or 128 + the signal that ended it. Once.
  int Wait();

 private:
  pid_t pid_ = -1;
  Doorbell bell_;
};

// Becomes uid and gid `id`, without groups and capabilities, for good: for use in a child. False
// when this process may not: not root, or in a user namespace without that uid.
[[nodiscard]] bool BecomeUser(uid_t id);

}  // namespace support

#endif  // TESTS_SUPPORT_CHILD_PROCESS_H_
