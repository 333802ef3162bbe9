// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Preloaded into a server (LD_PRELOAD), it makes a handler that never returns of one that does: the
// thread that receives kWord, whatever it receives with, says so on standard output and stands
// still for good, while the others go on. A debugger could do the same, where ptrace(2) is allowed.

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>

namespace {

constexpr char kWord[] = "udsecho-test-hold-this-thread";
constexpr char kHeld[] = "held\n";

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

void HoldIfTold(const void* bytes, size_t count) {
  if (memmem(bytes, count, kWord, sizeof(kWord) - 1) == nullptr) return;
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, kHeld, sizeof(kHeld) - 1);
  while (true) pause();
}

}  // namespace

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc has __ in them
extern "C" ssize_t recv(int fd, void* bytes, size_t size, int flags) {
  static auto* const kReal = Real<ssize_t(int, void*, size_t, int)>("recv");
  const ssize_t count = kReal(fd, bytes, size, flags);
  if (count > 0 && (flags & MSG_PEEK) == 0) HoldIfTold(bytes, count);
  return count;
}

extern "C" ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static auto* const kReal = Real<ssize_t(int, msghdr*, int)>("recvmsg");
  const ssize_t count = kReal(fd, message, flags);
  size_t left = count > 0 && (flags & MSG_PEEK) == 0 ? count : 0;
  for (size_t i = 0; i < message->msg_iovlen && left > 0; ++i) {
    const iovec& part = message->msg_iov[i];
    const size_t filled = left < part.iov_len ? left : part.iov_len;
    HoldIfTold(part.iov_base, filled);
    left -= filled;
  }
  return count;
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): as above
extern "C" ssize_t read(int fd, void* bytes, size_t size) {
  static auto* const kReal = Real<ssize_t(int, void*, size_t)>("read");
  const ssize_t count = kReal(fd, bytes, size);
  if (count > 0) HoldIfTold(bytes, count);
  return count;
}
