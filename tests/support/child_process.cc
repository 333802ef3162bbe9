// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/support/child_process.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace support {
namespace {

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

}  // namespace

void Doorbell::Ring() {
  // A side that has ended needs no ring; MSG_NOSIGNAL keeps this one from ending too.
  if (TEMP_FAILURE_RETRY(send(fd_.get(), "", 1, MSG_NOSIGNAL)) < 0 && errno != EPIPE) Die("send");
}

bool Doorbell::Wait() {
  char ring = 0;
  return TEMP_FAILURE_RETRY(recv(fd_.get(), &ring, 1, 0)) == 1;
}

ChildProcess::ChildProcess(const std::function<int(Doorbell& parent)>& body) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) Die("socketpair");
  bell_ = Doorbell(uds::UniqueFd(pair[0]));
  Doorbell parent{uds::UniqueFd(pair[1])};
  std::fflush(nullptr);
  pid_ = fork();
  if (pid_ < 0) Die("fork");
  if (pid_ > 0) return;

  bell_ = Doorbell();  // or this side would keep itself company
  int code = body(parent);
  if (code == 0 && testing::Test::HasFailure()) code = kFailedExpectation;
  std::fflush(nullptr);
  _exit(code);
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  Kill(SIGKILL);
  Wait();
}

void ChildProcess::Kill(int signal) const {
  if (kill(pid_, signal) != 0) Die("kill");
}

int ChildProcess::Wait() {
  int status = 0;
  if (TEMP_FAILURE_RETRY(waitpid(std::exchange(pid_, -1), &status, 0)) < 0) Die("waitpid");
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool BecomeUser(uid_t id) {
  return setgroups(0, nullptr) == 0 && setresgid(id, id, id) == 0 && setresuid(id, id, id) == 0;
}

}  // namespace support
