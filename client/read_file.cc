// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "uds/printable.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

absl::StatusOr<std::string> ReadAll(absl::string_view flag, int fd, absl::string_view name) {
  std::string bytes;
  char block[64 * 1024];
  while (true) {
    const ssize_t got = TEMP_FAILURE_RETRY(read(fd, block, sizeof(block)));
    if (got < 0) return absl::ErrnoToStatus(errno, absl::StrCat(flag, ": cannot read ", name));
    if (got == 0) return bytes;
    bytes.append(block, got);
    if (bytes.size() > kMostOfAFile) {
      return absl::ResourceExhaustedError(absl::StrCat(flag, ": ", name, " has more than ",
                                                       kMostOfAFile, " bytes; nothing was sent"));
    }
  }
}

}  // namespace

absl::StatusOr<std::string> ReadFile(absl::string_view flag, const std::string& name, int in) {
  if (name == "-") return ReadAll(flag, in, "standard input");
  const std::string printable = uds::Printable(name);
  const uds::UniqueFd fd(open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat(flag, ": cannot open ", printable));
  }
  return ReadAll(flag, fd.get(), printable);
}

}  // namespace udsecho::client
