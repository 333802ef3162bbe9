// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The right to be the one server at a path: an flock(2) on the file `<path>.lock` beside it.
//
//   absl::StatusOr<PathLock> lock = PathLock::Take(directory);
//   ...
//   lock->Release(directory);
//
// The kernel gives the lock back when the holder ends, however it ends. The file is removed by
// Release(); whoever has opened it meanwhile sees that it has lost its name, and makes a new one.
//
// The lock saves servers of one user from starting at once, and lets them wait for each other. It
// keeps nobody else out: a file that another user has left there, or put there, is no lock, and
// neither is a file that something else made. They are left alone, and so is the want of a lock.
// What keeps a live server safe from those is what uds/claim.h does beside.
//
// Thread safety: const access from several threads is fine.
// Ownership: move-only; the lock is given back when the PathLock goes away, the file by Release().

#ifndef UDS_PATH_LOCK_H_
#define UDS_PATH_LOCK_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "uds/directory.h"
#include "uds/unique_fd.h"

namespace uds {

class PathLock {
 public:
  enum class State {
    kTaken,  // it is ours
    kHeld,   // a server of this user has it
    kNone,   // there is none to be had here: another's file is in the way, or the file system,
             // or a rule of the machine, does not let us
  };

  // None.
  PathLock() = default;

  // Never waits. `suffix`: of the file, for a lock that guards something else about the path.
  static PathLock Take(const Directory& directory, absl::string_view suffix = ".lock");

  // Another's lock, from a holder that goes on as if nothing was: for uds/takeover.h, by which there
  // is one that does so at a time. A new file, locked, changes places with the holder's. Call Keep()
  // or GiveBack() next. An error: it cannot be had, and nothing is changed.
  static absl::StatusOr<PathLock> TakeFromHolder(const Directory& directory);
  void Keep(const Directory& directory);
  void GiveBack(const Directory& directory);

  State state() const { return state_; }

  // Why there is none, if kNone.
  const absl::Status& why_none() const { return why_none_; }

  // The process that has it, if kHeld and it could be told: informational only, as it may be a
  // number of another pid namespace.
  std::optional<pid_t> holder() const { return holder_; }

  // Whether the lock guards the path of this directory: the file that is locked is the one there.
  bool IsIn(const Directory& directory) const;

  // The process by which the lock was taken from this holder (TakeFromHolder()), if it was; 0 if that
  // cannot be told.
  std::optional<pid_t> TakenBy(const Directory& directory) const;

  // Removes the file, if this took the lock, and gives the lock back.
  void Release(const Directory& directory);

 private:
  explicit PathLock(absl::Status why_none) : why_none_(std::move(why_none)) {}
  PathLock(State state, std::string name, UniqueFd fd, std::optional<pid_t> holder)
      : state_(state), name_(std::move(name)), fd_(std::move(fd)), holder_(holder) {}

  State state_ = State::kNone;
  absl::Status why_none_;
  std::string name_;  // of the file
  UniqueFd fd_;
  std::optional<pid_t> holder_;
};

}  // namespace uds

#endif  // UDS_PATH_LOCK_H_
