// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/encoding.h"

#define ZLIB_CONST  // zlib does not write to its input, and says so
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

// libgrpc exports these, but no header of it declares them.
grpc_compression_algorithm grpc_call_test_only_get_compression_algorithm(grpc_call* call);
std::uint32_t grpc_call_test_only_get_message_flags(grpc_call* call);
std::uint32_t grpc_call_test_only_get_encodings_accepted_by_peer(grpc_call* call);

namespace rpc {
namespace {

constexpr std::uint32_t kCompressed = 0x80000000U;  // gRPC's GRPC_WRITE_INTERNAL_COMPRESS

constexpr int kLargestWindow = 15;
constexpr int kGzipHeader = 16;  // zlib.h, inflateInit2(): added to the window

constexpr std::size_t kFirstBytes = 4096;  // of what comes out; then twice as much each time

grpc::ByteBuffer ToBuffer(std::string text) {
  auto* owned = new std::string(std::move(text));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* it) { delete static_cast<std::string*>(it); }, owned);
  return {&slice, 1};
}

// One stream of zlib's, which writes to the end of a string.
class Inflation {
 public:
  Inflation(int window_bits, std::size_t max_bytes)
      : ready_(inflateInit2(&stream_, window_bits) == Z_OK), max_bytes_(max_bytes) {}
  ~Inflation() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflation(const Inflation&) = delete;
  Inflation& operator=(const Inflation&) = delete;

  // False when the slice is not a part of such a stream, or when that has become too long.
  bool Add(const grpc::Slice& slice) {
    if (!ready_) return false;
    stream_.next_in = slice.begin();
    stream_.avail_in = static_cast<uInt>(slice.size());
    do {
      if (written_ > max_bytes_) return false;
      if (written_ == out_.size()) out_.resize(std::max(kFirstBytes, 2 * out_.size()));
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data()) + written_;
      stream_.avail_out = static_cast<uInt>(out_.size() - written_);
      if (ended_) return stream_.avail_in == 0;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      written_ = out_.size() - stream_.avail_out;
      ended_ = result == Z_STREAM_END;
      if (!ended_ && result != Z_OK && result != Z_BUF_ERROR) return false;
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return true;
  }

  bool too_long() const { return written_ > max_bytes_; }
  bool ended() const { return ended_; }

  std::string Take() {
    out_.resize(written_);
    return std::move(out_);
  }

 private:
  z_stream stream_{};
  const bool ready_;
  bool ended_ = false;
  const std::size_t max_bytes_;
  std::string out_;
  std::size_t written_ = 0;
};

}  // namespace

absl::string_view EncodingName(grpc_compression_algorithm encoding) {
  const char* name = "";
  return grpc_compression_algorithm_name(encoding, &name) == 1 ? name : "identity";
}

std::optional<grpc_compression_algorithm> EncodingOfLastMessage(grpc_call* call) {
  if ((grpc_call_test_only_get_message_flags(call) & kCompressed) == 0) return GRPC_COMPRESS_NONE;
  const grpc_compression_algorithm encoding = grpc_call_test_only_get_compression_algorithm(call);
  if (encoding == GRPC_COMPRESS_NONE) return std::nullopt;
  return encoding;
}

bool Accepts(grpc_call* call, grpc_compression_algorithm encoding) {
  return (grpc_call_test_only_get_encodings_accepted_by_peer(call) & (1U << encoding)) != 0;
}

absl::Status Unpack(grpc_compression_algorithm encoding, std::size_t max_bytes,
                    grpc::ByteBuffer* bytes) {
  if (encoding == GRPC_COMPRESS_NONE) return absl::OkStatus();
  std::vector<grpc::Slice> slices;
  bool fine = bytes->Dump(&slices).ok();
  Inflation inflation(kLargestWindow + (encoding == GRPC_COMPRESS_GZIP ? kGzipHeader : 0),
                      max_bytes);
  for (const grpc::Slice& slice : slices) fine = fine && inflation.Add(slice);
  if (inflation.too_long()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the message is of more than ", max_bytes,
                     " bytes when decompressed; send less at once, or have --max_message raised"));
  }
  if (!fine || !inflation.ended()) {
    return absl::InternalError(absl::StrCat("the message is marked as ", EncodingName(encoding),
                                            ", and is not; mend the client"));
  }
  *bytes = ToBuffer(inflation.Take());
  return absl::OkStatus();
}

}  // namespace rpc
