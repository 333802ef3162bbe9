// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A file descriptor that is closed when its owner goes away.
//
//   uds::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
//   if (!fd.valid()) return absl::ErrnoToStatus(errno, "socket");
//   Use(fd.get());
//
// Thread safety: as an int; two threads may read one UniqueFd, not change it.
// Ownership: move-only. A moved-from UniqueFd is empty.

#ifndef UDS_UNIQUE_FD_H_
#define UDS_UNIQUE_FD_H_

// Here, as almost every file of these libraries includes this one.
#if __cplusplus < 202002L
#error "this library needs C++20: compile with -std=c++20"
#endif

#include <unistd.h>

#include <cerrno>

namespace uds {

class UniqueFd {
 public:
  UniqueFd() = default;
  // Takes over `fd`; a negative number means none, so that a failed system call can be handed in.
  explicit UniqueFd(int fd) : fd_(fd) {}

  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  // The number, still owned here; negative when empty.
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  // Descriptor 0 is a good one, so "is it true" has two answers: ask valid().
  operator bool() const = delete;

  // Hands the number over to the caller, who closes it.
  [[nodiscard]] int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

  // Closes what is held and takes over `fd`. Keeps errno, so that it may run on an error's way out.
  void reset(int fd = -1) {
    const int old = fd_;
    fd_ = fd;
    if (old < 0) return;
    const int saved_errno = errno;
    // Linux frees the number even when close() says EINTR: to retry would close somebody else's.
    close(old);
    errno = saved_errno;
  }

 private:
  int fd_ = -1;
};

}  // namespace uds

#endif  // UDS_UNIQUE_FD_H_
