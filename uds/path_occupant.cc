// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/path_occupant.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "uds/file_kind.h"

namespace uds {

absl::Status InUse(const std::string& path, const std::optional<PathHolder>& holder,
                   absl::Duration waited) {
  std::string by = "another server";
  if (holder.has_value()) absl::StrAppend(&by, " of uid ", holder->uid);
  if (holder.has_value() && holder->pid.has_value())
    absl::StrAppend(&by, " with pid ", *holder->pid);
  if (waited > absl::ZeroDuration()) {
    absl::StrAppend(&by, ", which takes no connections and has not ended within ",
                    absl::FormatDuration(waited));
  }
  return absl::AlreadyExistsError(
      absl::StrCat(path, " is in use by ", by, "; stop it, or choose another address"));
}

absl::StatusOr<UniqueFd> FindSocket(const Directory& directory, const std::string& name) {
  UniqueFd file = directory.Open(name);
  if (!file.valid()) {
    if (errno == ENOENT) return file;
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot examine ", directory.Show(name)));
  }
  struct stat found = {};
  if (fstat(file.get(), &found) != 0) return absl::ErrnoToStatus(errno, directory.Show(name));
  if (S_ISSOCK(found.st_mode)) return file;
  return absl::FailedPreconditionError(absl::StrCat(
      directory.Show(name), " is ", FileKind(found.st_mode),
      ", not a socket, so it was left alone; move it away, or choose another address"));
}

absl::StatusOr<Occupant> LookAt(const Directory& directory, const std::string& name, bool is_held) {
  absl::StatusOr<UniqueFd> file = FindSocket(directory, name);
  if (!file.ok()) return file.status();
  Occupant occupant;
  occupant.socket = *std::move(file);
  if (!occupant.socket.valid()) return occupant;
  absl::StatusOr<ProbeResult> probe = ProbeSocket(directory, name, occupant.socket);
  if (!probe.ok() && !is_held) return probe.status();
  occupant.liveness = probe.ok() ? probe->liveness : Liveness::kSilent;
  struct stat found = {};
  if (probe.ok() && probe->server.has_value()) {
    occupant.holder = PathHolder{probe->server->uid, probe->server->pid};
  } else if (fstat(occupant.socket.get(), &found) == 0) {
    occupant.holder = PathHolder{found.st_uid, std::nullopt};
  }
  return occupant;
}

}  // namespace uds
