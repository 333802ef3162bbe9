// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "uds/unique_fd.h"

namespace tokens {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;

absl::Status CheckFile(const std::string& path, const struct stat& file, Secrecy secrecy) {
  if (!S_ISREG(file.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is not a regular file; name one that is"));
  }
  if ((file.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " can be written by others than its owner; run `chmod go-w ", path, "`"));
  }
  if (secrecy == Secrecy::kSecret && (file.st_mode & S_IROTH) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " can be read by all users, so it is no secret; replace the key, and run `chmod o= ",
        path, "`"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::string& path, Secrecy secrecy) {
  const uds::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat file = {};
  if (!fd.valid() || fstat(fd.get(), &file) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot open ", path, ", which the agent's user must be able to read"));
  }
  if (absl::Status usable = CheckFile(path, file, secrecy); !usable.ok()) return usable;
  std::string text(kMostBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMostBytes) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is longer than ", kMostBytes, " bytes; make it shorter"));
  }
  text.resize(size);
  return text;
}

}  // namespace tokens
