// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Runs a program for which the kernel does not tell the peer of all connections:
//
//   refuse_credentials PROGRAM ARGUMENT...
//
// getsockopt(SO_PEERCRED) of a descriptor from kFirst on fails with EPERM, by a filter of system
// calls (seccomp(2)), as a sandbox around a service may make it do. Exits with 77 when the kernel
// has no such filters.

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace {
// A server has fewer of its own, so that some of its connections are below it.
constexpr int kFirst = 30;
}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::array filter = {
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsockopt, 0, 5),
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SO_PEERCRED, 0, 3),
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kFirst, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {.len = filter.size(), .filter = filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::perror("prctl");
    return 77;
  }
  execv(argv[1], argv + 1);
  std::perror(argv[1]);
  return 1;
}
