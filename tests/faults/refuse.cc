// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Preloaded into a program (LD_PRELOAD), it refuses one call of the C library:
//
//   REFUSE="accept4 3 24"         the third accept4() of the process fails with errno 24, EMFILE
//   REFUSE="getsockopt 0 92 59"   each getsockopt() with option 59 fails, as on a system without it
//
// and says "refused" on standard output for one call. All other calls do what they always do. "malloc" is those calls of
// malloc, calloc and realloc that the program makes itself or by operator new, from its first accept4() on. Names are
// those in the table below.

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr char kRefused[] = "refused\n";

// What is to be refused. Read when the first call comes, which is before main().
class Order {
 public:
  // Whether this call is the one; sets errno then. `option`: of getsockopt.
  bool IsFor(const char* function, int option = kAny) {
    if (!std::atomic_exchange(&is_read_, true)) Read();
    if (std::strcmp(function, function_) != 0) return false;
    if (option_ != kAny && option_ != option) return false;
    if (nth_ == 0) {
      errno = error_;
      return true;
    }
    if (calls_.fetch_add(1) + 1 != nth_) return false;
    static_cast<void>(write(STDOUT_FILENO, kRefused, sizeof(kRefused) - 1) < 0);
    errno = error_;
    return true;
  }

 private:
  void Read() {
    const char* const order = std::getenv("REFUSE");
    if (order != nullptr) {
      std::sscanf(order, "%31s %ld %d %d", function_, &nth_, &error_, &option_);
    }
  }

  std::atomic<bool> is_read_ = false;
  static constexpr int kAny = -1;

  char function_[32] = "";
  long nth_ = 0;
  int error_ = 0;
  int option_ = kAny;
  std::atomic<long> calls_ = 0;
};

constinit Order order;

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// Code of the program or of libstdc++, where operator new is.
struct Range {
  std::uintptr_t begin;
  std::uintptr_t end;
};
constinit Range ranges[2] = {};

int NoteRange(dl_phdr_info* info, std::size_t /*size*/, void* /*nothing*/) {
  const bool is_program = ranges[0].end == 0;  // it comes first
  if (!is_program && std::strstr(info->dlpi_name, "libstdc++") == nullptr) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    const std::uintptr_t begin = info->dlpi_addr + part.p_vaddr;
    ranges[is_program ? 0 : 1] = {begin, begin + part.p_memsz};
  }
  return 0;
}

std::atomic<bool> accepts = false;

bool RefusesMemory(const void* caller) {
  if (!accepts) return false;
  static const int kNoted = dl_iterate_phdr(NoteRange, nullptr);
  static_cast<void>(kNoted);
  const auto at = reinterpret_cast<std::uintptr_t>(caller);
  for (const Range& range : ranges) {
    if (range.begin <= at && at < range.end) return order.IsFor("malloc");
  }
  return false;
}

}  // namespace

// The C library's own, by the names that it has for those who replace malloc.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,bugprone-reserved-identifier): as glibc has them

extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* __libc_calloc(std::size_t count, std::size_t size);
extern "C" void* __libc_realloc(void* memory, std::size_t size);

extern "C" void* malloc(std::size_t size) {
  return RefusesMemory(__builtin_return_address(0)) ? nullptr : __libc_malloc(size);
}

extern "C" void* calloc(std::size_t count, std::size_t size) {
  return RefusesMemory(__builtin_return_address(0)) ? nullptr : __libc_calloc(count, size);
}

extern "C" void* realloc(void* memory, std::size_t size) {
  return RefusesMemory(__builtin_return_address(0)) ? nullptr : __libc_realloc(memory, size);
}

#define REFUSABLE(result, name, parameters, arguments)         \
  extern "C" result name parameters {                          \
    static auto* const kReal = Real<result parameters>(#name); \
    return order.IsFor(#name) ? -1 : kReal arguments;          \
  }

REFUSABLE(int, bind, (int fd, const sockaddr* name, socklen_t size), (fd, name, size))
REFUSABLE(int, epoll_create1, (int flags), (flags))
REFUSABLE(int, eventfd, (unsigned int count, int flags), (count, flags))
REFUSABLE(int, flock, (int fd, int how), (fd, how))
REFUSABLE(int, fchmod, (int fd, mode_t mode), (fd, mode))
REFUSABLE(int, fchmodat, (int directory, const char* path, mode_t mode, int flags),
          (directory, path, mode, flags))
REFUSABLE(int, inotify_init1, (int flags), (flags))
REFUSABLE(int, listen, (int fd, int backlog), (fd, backlog))
REFUSABLE(ssize_t, recv, (int fd, void* bytes, size_t size, int flags), (fd, bytes, size, flags))
REFUSABLE(int, renameat2, (int from, const char* old, int to, const char* next, unsigned int flags),
          (from, old, to, next, flags))
REFUSABLE(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags))
REFUSABLE(int, signalfd, (int fd, const sigset_t* signals, int flags), (fd, signals, flags))
REFUSABLE(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
REFUSABLE(int, unlinkat, (int directory, const char* path, int flags), (directory, path, flags))

extern "C" int getsockopt(int fd, int level, int option, void* value, socklen_t* size) {
  static auto* const kReal = Real<int(int, int, int, void*, socklen_t*)>("getsockopt");
  return order.IsFor("getsockopt", option) ? -1 : kReal(fd, level, option, value, size);
}

extern "C" int openat(int directory, const char* path, int flags, ...) {
  static auto* const kReal = Real<int(int, const char*, int, ...)>("openat");
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);  // of use with O_CREAT alone, and harmless otherwise
  va_end(rest);
  return order.IsFor("openat") ? -1 : kReal(directory, path, flags, mode);
}

// To watch one more descriptor takes memory, and may be over a limit. The other uses cannot fail.
extern "C" int epoll_ctl(int set, int what, int fd, epoll_event* event) {
  static auto* const kReal = Real<int(int, int, int, epoll_event*)>("epoll_ctl");
  return what == EPOLL_CTL_ADD && order.IsFor("epoll_ctl") ? -1 : kReal(set, what, fd, event);
}

extern "C" int accept4(int fd, sockaddr* peer, socklen_t* size, int flags) {
  static auto* const kReal = Real<int(int, sockaddr*, socklen_t*, int)>("accept4");
  accepts = true;
  return order.IsFor("accept4") ? -1 : kReal(fd, peer, size, flags);
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name,bugprone-reserved-identifier)
