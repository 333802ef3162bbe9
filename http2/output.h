// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a connection has to send: gathered while its turn lasts, then written with one system call.
//
//   output.Copy({frame.data(), frame.size()});       // a few bytes: into the next free room
//   output.Lend(buffer, offset, length);             // many: sent from where they are
//   switch (output.Flush(fd)) { ... }
//
// Thread safety: none. Ownership: shares the buffers that it was lent, until they are sent.

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
  // The room that is taken for small pieces at once, in bytes: a turn's frames of most clients.
  static constexpr std::size_t kRoom = BlockPool::kLongest - 64;
  // From here on sharing bytes costs less than copying them.
  static constexpr std::size_t kWorthLending = 2 * 1024;

  explicit Output(Account* account) : account_(account) {}

  // False if the account may not have the room: then the connection cannot go on.
  [[nodiscard]] bool Copy(absl::string_view bytes);
  [[nodiscard]] bool Lend(const Buffer& buffer, const char* data, std::size_t length);

  // Bytes that wait.
  std::size_t size() const { return size_; }

  enum class Flushed {
    kAll,
    kPart,    // the socket is full
    kFailed,  // the peer has gone
  };
  // Writes to a non-blocking socket. `sent`: how many bytes.
  Flushed Flush(int fd, std::size_t* sent);

  // Gives back memory that an idle connection does not need.
  void Shrink();

 private:
  struct Piece {
    Buffer buffer;  // shared, for the bytes to stay
    const char* data;
    std::size_t length;
    bool is_ours;  // of room_, or of one before it

    const char* End() const { return data + length; }
  };

  // Takes bytes off that were sent.
  void Drop(std::size_t bytes);

  Account* const account_;
  Buffer room_;  // for small pieces, also between those that were lent
  std::vector<Piece> pieces_;
  std::size_t first_ = 0;  // of pieces_: those before it were sent
  std::size_t size_ = 0;
};

}  // namespace http2

#endif  // HTTP2_OUTPUT_H_
