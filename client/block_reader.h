// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Reads a descriptor on a thread of its own, so that its owner can wait for other things too, and
// can go away while nothing arrives. (epoll would need no thread, but does not take regular files;
// and standard input cannot be made non-blocking, since other processes share it.)
//
//   BlockReader input(STDIN_FILENO, [&] { ...wake the owner's thread... });
//   ...when woken:
//   absl::StatusOr<std::string> block = input.Take();   // empty at the end
//
// One block is read ahead, and no more: an owner that takes none holds up the reading.
//
// Thread safety: `ready` is called on the reader's thread; Take() and the destructor belong to the
// owner's.
// Ownership: borrows the descriptor.

#ifndef CLIENT_BLOCK_READER_H_
#define CLIENT_BLOCK_READER_H_

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "uds/unique_fd.h"

namespace udsecho::client {

class BlockReader {
 public:
  static constexpr size_t kBlock = 64 * 1024;

  // Starts to read. `ready` is called once for each block, and must not call Take() itself.
  BlockReader(int fd, std::function<void()> ready);

  // Ends the reading at once. (Unless another process took, between poll(2) and read(2), the bytes
  // that were there: then once new ones arrive.) `ready` is not called any more.
  ~BlockReader();

  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  // To be called once after each `ready`: 1 to kBlock bytes; none at the end; or why no more can be
  // read. After the latter two, `ready` is not called again.
  absl::StatusOr<std::string> Take();

 private:
  void Run();
  // Nothing if the owner wants to stop.
  std::optional<absl::StatusOr<std::string>> ReadBlock();
  bool WaitUntilTaken();

  const int fd_;
  const std::function<void()> ready_;
  const uds::UniqueFd stop_;  // an eventfd: readable once the owner wants to stop

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<absl::StatusOr<std::string>> block_;  // guarded by mutex_
  bool stopping_ = false;                             // guarded by mutex_

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace udsecho::client

#endif  // CLIENT_BLOCK_READER_H_
