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

  // Never waits.
  static PathLock Take(const Directory& directory);

  State state() const { return state_; }

  // Why there is none, if kNone.
  const absl::Status& why_none() const { return why_none_; }

  // The process that has it, if kHeld and it could be told: informational only, as it may be a
  // number of another pid namespace.
  std::optional<pid_t> holder() const { return holder_; }

  // Whether the lock guards the path of this directory: the file that is locked is the one there.
  bool IsIn(const Directory& directory) const;

  // Writes into the file, if this took the lock, which socket it guards.
  void Record(const UniqueFd& socket);

  // Whether the holder, if kHeld, has recorded this socket.
  bool Guards(const UniqueFd& socket) const;

  // For uds/takeover.h, of a lock that is kHeld. Whether this is the only process that is about to
  // displace the holder; it is so as long as the PathLock lives.
  bool BeAloneWithHolder() const;
  // A new file with a lock on it, which guards `socket`, changes places with the holder's, which is
  // called `aside` then. NOT_FOUND: the holder has ended, or is about to. Other errors are errno's.
  absl::StatusOr<PathLock> Displace(const Directory& directory, const std::string& aside,
                                    const UniqueFd& socket) const;
  // Undoes that.
  void PutBack(const Directory& directory, const std::string& aside) const;

  // The process that has displaced this holder, if one has; 0 if that cannot be told.
  std::optional<pid_t> TakenBy(const Directory& directory) const;

  // Removes the file, if this took the lock, and gives the lock back.
  void Release(const Directory& directory);

 private:
  explicit PathLock(absl::Status why_none) : why_none_(std::move(why_none)) {}
  PathLock(State state, UniqueFd fd, std::optional<pid_t> holder)
      : state_(state), fd_(std::move(fd)), holder_(holder) {}

  State state_ = State::kNone;
  absl::Status why_none_;
  UniqueFd fd_;  // locked, if kTaken; the holder's file, if kHeld
  std::optional<pid_t> holder_;
};

}  // namespace uds

#endif  // UDS_PATH_LOCK_H_
