// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/aside_name.h"

#include <sys/random.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "uds/path_occupant.h"

namespace uds {

std::string RandomAsideName(absl::string_view suffix) {
  uint32_t random = 0;
  if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0) random = getpid();
  return absl::StrCat(".", absl::Hex(random, absl::kZeroPad8), suffix);
}

absl::StatusOr<std::string> AsideName(const Directory& directory, absl::string_view suffix,
                                      bool is_alone) {
  constexpr size_t kLongest = 60;  // so that Directory::AddressOf() has room for it
  const std::string& base = directory.base_name();
  std::string aside;
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const bool is_shared = is_alone && attempt == 0 && base.size() <= kLongest;
    aside = is_shared ? absl::StrCat(".", base, suffix) : RandomAsideName(suffix);
    absl::StatusOr<Occupant> occupant = LookAt(directory, aside, /*is_held=*/false);
    if (absl::IsFailedPrecondition(occupant.status())) continue;
    if (!occupant.ok()) return occupant.status();
    if (!occupant->socket.valid()) return aside;
    // Without the lock another claim may just be about to give it back.
    if (!is_shared || occupant->liveness != Liveness::kDead) continue;
    if (unlinkat(directory.fd(), aside.c_str(), 0) == 0) return aside;
  }
  return absl::AlreadyExistsError(
      absl::StrCat("files such as ", directory.Show(aside), " are in the way; remove them"));
}

}  // namespace uds
