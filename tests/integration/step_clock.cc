// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Preloaded into a program (LD_PRELOAD), it steps the wall clock that the program reads: by
// $STEP_SECONDS from the moment on that the file $STEP_FILE exists. Other clocks go on.

#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace {

time_t Step() {
  static const char* const kFile = std::getenv("STEP_FILE");
  static const char* const kSeconds = std::getenv("STEP_SECONDS");
  if (kFile == nullptr || kSeconds == nullptr || access(kFile, F_OK) != 0) return 0;
  return std::atol(kSeconds);
}

}  // namespace

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc has __ in them
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  using Function = int(clockid_t, timespec*);
  static auto* const kReal = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = kReal(clock, time);
  const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (result == 0 && is_wall) time->tv_sec += Step();
  return result;
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): as above
extern "C" int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  timespec now = {};
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}
