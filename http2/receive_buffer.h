// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Room for what a thread reads at once, by all connections of the thread, one after the other.
//
//   thread_local ReceiveBuffer<64 * 1024> received_bytes;
//   recv(fd, received_bytes.data(), 64 * 1024, MSG_DONTWAIT);
//
// Made when it is first asked for. A thread-local array of that size would be cut from the stack of
// each of the program's threads, and those of other libraries may have small ones: civetweb's have
// 100 KiB, and ran out of it.
//
// Thread safety: one thread. Ownership: has its bytes.

#ifndef HTTP2_RECEIVE_BUFFER_H_
#define HTTP2_RECEIVE_BUFFER_H_

#include <cstddef>
#include <memory>

namespace http2 {

template <std::size_t kSize>
class ReceiveBuffer {
 public:
  char* data() {
    if (bytes_ == nullptr) bytes_.reset(new char[kSize]);
    return bytes_.get();
  }

 private:
  std::unique_ptr<char[]> bytes_;
};

}  // namespace http2

#endif  // HTTP2_RECEIVE_BUFFER_H_
