// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Preloaded into a program (LD_PRELOAD), it sets the program's wall clock as an administrator would: by as many seconds
// as the file says that $SET_CLOCK names (an int64, which may change at any time).

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

const volatile std::int64_t* Map() {
  const char* const path = std::getenv("SET_CLOCK");
  const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* const mapped = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  return mapped == MAP_FAILED ? nullptr : static_cast<const volatile std::int64_t*>(mapped);
}

}  // namespace

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): as glibc has them
extern "C" int clock_gettime(clockid_t clock, timespec* now) {
  static auto* const kReal =
      reinterpret_cast<int (*)(clockid_t, timespec*)>(dlsym(RTLD_NEXT, "clock_gettime"));
  static const volatile std::int64_t* const kStep = Map();
  const int result = kReal(clock, now);
  const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (result == 0 && is_wall && kStep != nullptr) now->tv_sec += *kStep;
  return result;
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): as above
extern "C" int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  timespec now = {};
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}
