// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a connection has to send: gathered during its turn, then written with one system call.
//
//   output.Copy({frame.data(), frame.size()});       // a few bytes
//   output.Lend(buffer, data, length);               // many bytes, sent from where they are
//   switch (output.Flush(fd)) { ... }
//
// Thread safety: none. Ownership: shares the lent buffers until they are sent.

#ifndef HTTP2_OUTPUT_H_
#define HTTP2_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "http2/account.h"
#include "http2/buffer.h"

namespace http2 {

class Output {
 public:
  // How much is allocated at once for small pieces, in bytes: for most clients a turn's frames fit.
  static constexpr std::size_t kRoom = BlockPool::kLongest - 64;
  // So many bytes are gathered at the most, a frame more or less.
  static constexpr std::size_t kMost = 64 * 1024;
  // From here on sharing bytes costs less than copying them.
  static constexpr std::size_t kWorthLending = 2 * 1024;

  explicit Output(Account* account) : account_(account) {}

  // False if the account may not hold so much: then the connection cannot go on.
  [[nodiscard]] bool Copy(absl::string_view bytes);
  [[nodiscard]] bool Lend(const Buffer& buffer, const char* data, std::size_t length);

  // Bytes that wait.
  std::size_t size() const { return size_; }

  enum class Flushed {
    kAll,
    kPart,      // the socket is full
    kPeerLeft,  // it has closed
    kFailed,    // the kernel would not, for want of memory
  };
  // Writes what it can to a non-blocking socket. `sent` is set to the number of bytes written.
  Flushed Flush(int fd, std::size_t* sent);

 private:
  struct Piece {
    Buffer buffer;  // keeps the bytes valid
    const char* data;
    std::size_t length;
    bool is_ours;  // copied into room_, or into an earlier one

    const char* End() const { return data + length; }
  };

  // Removes bytes that were sent.
  void Drop(std::size_t bytes);

  Account* const account_;
  Buffer room_;  // for small pieces, also for those between lent ones
  std::vector<Piece> pieces_;
  std::size_t first_ = 0;  // index into pieces_: those before it were sent
  std::size_t size_ = 0;
};

}  // namespace http2

#endif  // HTTP2_OUTPUT_H_
