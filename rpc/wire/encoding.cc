// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/wire/encoding.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rpc::wire {
namespace {

constexpr int kLargestWindow = 15;  // zlib.h: windowBits
constexpr int kGzipHeader = 16;     // zlib.h: added to windowBits, for gzip's instead of zlib's

constexpr std::size_t kFirstBytes = 4096;  // of what comes out; then twice as much each time

int WindowOf(Encoding encoding) {
  return kLargestWindow + (encoding == Encoding::kGzip ? kGzipHeader : 0);
}

Bytef* Bytes(absl::string_view text) {
  // NOLINTNEXTLINE(*-const-cast): zlib only reads, but does not say so
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

}  // namespace

absl::string_view NameOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kIdentity:
      return "identity";
    case Encoding::kDeflate:
      return "deflate";
    case Encoding::kGzip:
      return "gzip";
  }
  std::abort();
}

std::optional<Encoding> EncodingOf(absl::string_view name) {
  for (const Encoding encoding : {Encoding::kIdentity, Encoding::kDeflate, Encoding::kGzip}) {
    if (name == NameOf(encoding)) return encoding;
  }
  return std::nullopt;
}

bool IsAmong(absl::string_view accepted, Encoding encoding) {
  const std::vector<absl::string_view> names = absl::StrSplit(accepted, ',');
  return std::any_of(names.begin(), names.end(), [encoding](absl::string_view name) {
    return absl::StripAsciiWhitespace(name) == NameOf(encoding);
  });
}

Inflation::Inflation(Encoding encoding, absl::string_view message, std::size_t max_bytes,
                     http2::Account* account)
    : encoding_(encoding), max_bytes_(max_bytes), account_(account) {
  if (!account_->Hold(kStreamBytes, http2::Need::kRequest)) return;
  stream_.next_in = Bytes(message);
  stream_.avail_in = static_cast<uInt>(message.size());
  ready_ = inflateInit2(&stream_, WindowOf(encoding)) == Z_OK;
  if (!ready_) account_->Release(kStreamBytes);
}

Inflation::~Inflation() {
  Drop();
  if (!ready_) return;
  inflateEnd(&stream_);
  account_->Release(kStreamBytes);
}

void Inflation::Drop() {
  std::free(std::exchange(bytes_, nullptr));  // NOLINT(*-no-malloc): as in Grow()
  account_->Release(static_cast<std::int64_t>(std::exchange(capacity_, 0)));
  size_ = 0;
}

Inflation::Progress Inflation::Fail(absl::Status status) {
  status_ = std::move(status);
  Drop();
  return Progress::kDone;
}

bool Inflation::Grow() {
  const std::size_t wanted = std::min(std::max(kFirstBytes, 2 * capacity_), max_bytes_ + 1);
  const auto more = static_cast<std::int64_t>(wanted - capacity_);
  if (!account_->Hold(more, http2::Need::kRequest)) return false;
  // NOLINTNEXTLINE(*-no-malloc): no container makes a long block longer where it is
  void* const longer = std::realloc(bytes_, wanted);
  if (longer == nullptr) {
    account_->Release(more);
    return false;
  }
  bytes_ = static_cast<char*>(longer);
  capacity_ = wanted;
  return true;
}

Inflation::Progress Inflation::Step() {
  std::size_t left = kStepBytes;
  while (left > 0) {
    if (!ready_ || (size_ == capacity_ && !Grow())) {
      return Fail(absl::ResourceExhaustedError(
          "the calls in flight of this uid take all of the memory that it may have now; send less "
          "at once"));
    }
    const std::size_t room = std::min(left, capacity_ - size_);
    stream_.next_out = reinterpret_cast<Bytef*>(bytes_ + size_);
    stream_.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    const std::size_t written = room - stream_.avail_out;
    size_ += written;
    left -= written;
    if (size_ > max_bytes_) {
      return Fail(absl::ResourceExhaustedError(
          absl::StrCat("the message is of more than ", max_bytes_,
                       " bytes when decompressed; send less at once, or have the server's limit "
                       "for messages raised")));
    }
    if (result == Z_STREAM_END && stream_.avail_in == 0) return Progress::kDone;
    if (result != Z_OK || (stream_.avail_in == 0 && stream_.avail_out > 0)) {
      return Fail(absl::InternalError(absl::StrCat("the message is marked as ", NameOf(encoding_),
                                                   ", and is not; fix the client")));
    }
  }
  return Progress::kMore;
}

std::string Deflate(Encoding encoding, absl::string_view bytes) {
  // The fastest level: between processes of one machine, time is dearer than bytes.
  constexpr int kMemory = 8;  // zlib.h: memLevel, its default
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, WindowOf(encoding), kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    std::abort();  // there is no memory
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = Bytes(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = Bytes(out);
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) std::abort();  // deflateBound() promises that it is
  return out;
}

}  // namespace rpc::wire
