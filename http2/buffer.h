// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Bytes on their way, shared by whatever still needs them, and charged to an account.
//
//   http2::Buffer bytes = http2::Buffer::New(&account, 1000);
//   if (bytes.is_null()) ...over the account's bound...
//   std::memcpy(bytes.end(), text.data(), text.size());
//   bytes.Extend(text.size());
//   stream->Send(bytes);                                           // a long one is not copied
//
// Thread safety: none; a buffer and its copies belong to one thread.
// Ownership: copies share the bytes. The account outlives them.

#ifndef HTTP2_BUFFER_H_
#define HTTP2_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"
#include "http2/account.h"
#include "http2/block_pool.h"

namespace http2 {

class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer& other) : block_(other.block_) {
    if (block_ != nullptr) ++block_->owners;
  }
  Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Buffer() {
    if (block_ != nullptr && --block_->owners == 0) Free(block_);
  }

  // Empty, with room for `capacity` bytes. Null if the account may not have that.
  static Buffer New(Account* account, std::size_t capacity, Need need = Need::kResponse) {
    const std::size_t size = sizeof(Block) + capacity;
    if (!account->Hold(static_cast<std::int64_t>(size), need)) return {};
    Buffer buffer;
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.PlacementNew): a block is never shorter than its size
    buffer.block_ = new (BlockPool::Allocate(size)) Block{.account = account, .capacity = capacity};
    return buffer;
  }

  bool is_null() const { return block_ == nullptr; }
  bool is_shared() const { return block_->owners > 1; }

  char* data() { return reinterpret_cast<char*>(block_ + 1); }
  const char* data() const { return reinterpret_cast<const char*>(block_ + 1); }
  std::size_t size() const { return block_ == nullptr ? 0 : block_->size; }
  std::size_t room() const { return block_ == nullptr ? 0 : block_->capacity - block_->size; }
  absl::string_view view() const {
    return block_ == nullptr ? absl::string_view() : absl::string_view(data(), block_->size);
  }

  // Where the next bytes go, room() of them; and how many have been put there.
  char* end() { return data() + block_->size; }
  void Extend(std::size_t bytes) { block_->size += bytes; }

  // Forgets the bytes, and keeps the room.
  void Clear() { block_->size = 0; }

 private:
  struct Block {
    Account* account;
    std::size_t capacity;
    std::size_t size = 0;
    std::size_t owners = 1;
  };

  static void Free(Block* block) {
    const std::size_t size = sizeof(Block) + block->capacity;
    block->account->Release(static_cast<std::int64_t>(size));
    BlockPool::Free(block, size);
  }

  Block* block_ = nullptr;
};

}  // namespace http2

#endif  // HTTP2_BUFFER_H_
