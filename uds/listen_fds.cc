// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/listen_fds.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "uds/printable.h"

namespace uds {
namespace {

constexpr int kFirst = 3;

std::optional<std::string> Variable(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

// As sd_listen_fds(3): what is not for this process, or is no number, is not there. A parent leaves
// such variables behind.
bool IsMeantForUs() {
  pid_t pid = 0;
  return absl::SimpleAtoi(Variable("LISTEN_PID").value_or(""), &pid) && pid == getpid();
}

// Whether there are `count` open descriptors, which are close-on-exec from now on.
bool KeepFromChildren(int count) {
  for (int i = 0; i < count; ++i) {
    const int flags = fcntl(kFirst + i, F_GETFD);
    if (flags < 0 || fcntl(kFirst + i, F_SETFD, flags | FD_CLOEXEC) != 0) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<ListenFds> TakeListenFds() {
  const std::string text = Variable("LISTEN_FDS").value_or("");
  if (text.empty() || text == "0" || !IsMeantForUs()) return ListenFds();
  ListenFds taken{.fds = {}, .names = Variable("LISTEN_FDNAMES")};
  for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) unsetenv(name);
  int count = 0;
  if (!absl::SimpleAtoi(text, &count) || count < 1 || !KeepFromChildren(count)) {
    return absl::InvalidArgumentError(
        absl::StrCat("socket activation: LISTEN_FDS=", Printable(text),
                     " is no number of open descriptors; unset it, or fix what sets it"));
  }
  for (int i = 0; i < count; ++i) taken.fds.emplace_back(kFirst + i);
  return taken;
}

}  // namespace uds
