// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What is decompressed, and how much of it.

#include "rpc/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#define ZLIB_CONST
#include <zlib.h>

#include <string>
#include <vector>

#include "tests/support/status_matchers.h"

namespace rpc {
namespace {

using support::IsOk;
using support::StatusIs;

constexpr int kGzip = 15 + 16;
constexpr int kZlib = 15;

std::string Compress(const std::string& text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(
      deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY),
      Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

grpc::ByteBuffer Buffer(const std::string& bytes, std::size_t slice_bytes) {
  std::vector<grpc::Slice> slices;
  for (std::size_t at = 0; at < bytes.size(); at += slice_bytes) {
    slices.emplace_back(bytes.substr(at, slice_bytes));
  }
  return {slices.data(), slices.size()};
}

std::string Text(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

std::string Mixed(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>((i * i) >> 3);
  return text;
}

TEST(EncodingTest, NamesAreThoseOnTheWire) {
  EXPECT_EQ(EncodingName(GRPC_COMPRESS_NONE), "identity");
  EXPECT_EQ(EncodingName(GRPC_COMPRESS_GZIP), "gzip");
  EXPECT_EQ(EncodingName(GRPC_COMPRESS_DEFLATE), "deflate");
}

TEST(EncodingTest, UnpacksWhateverTheSlices) {
  for (const std::size_t bytes : {0, 1, 4095, 4096, 4097, 100'000}) {
    const std::string text = Mixed(bytes);
    for (const std::size_t slice_bytes : {1UL, 7UL, 1UL << 20}) {
      grpc::ByteBuffer gzip = Buffer(Compress(text, kGzip), slice_bytes);
      EXPECT_THAT(Unpack(GRPC_COMPRESS_GZIP, bytes, &gzip), IsOk());
      EXPECT_TRUE(Text(gzip) == text) << bytes << " in " << slice_bytes;
      grpc::ByteBuffer deflated = Buffer(Compress(text, kZlib), slice_bytes);
      EXPECT_THAT(Unpack(GRPC_COMPRESS_DEFLATE, bytes, &deflated), IsOk());
      EXPECT_TRUE(Text(deflated) == text) << bytes << " in " << slice_bytes;
    }
  }
}

TEST(EncodingTest, LeavesAloneWhatIsNotCompressed) {
  grpc::ByteBuffer bytes = Buffer("plain", 5);
  EXPECT_THAT(Unpack(GRPC_COMPRESS_NONE, 1, &bytes), IsOk());
  EXPECT_EQ(Text(bytes), "plain");
}

TEST(EncodingTest, StopsAtTheLimit) {
  for (const std::size_t bytes : {101, 5000, 64 << 20}) {
    grpc::ByteBuffer packed = Buffer(Compress(std::string(bytes, 'x'), kGzip), 1000);
    EXPECT_THAT(Unpack(GRPC_COMPRESS_GZIP, 100, &packed),
                StatusIs(absl::StatusCode::kResourceExhausted));
  }
}

TEST(EncodingTest, RefusesWhatIsNotWhole) {
  const std::string whole = Compress(Mixed(10'000), kGzip);
  std::string flipped = whole;
  flipped[flipped.size() / 2] ^= 1;
  for (const std::string& bytes :
       {std::string("not gzip"), whole.substr(0, whole.size() - 1), whole + "x", flipped,
        Compress("zlib's", kZlib), std::string()}) {
    grpc::ByteBuffer buffer = Buffer(bytes, 1000);
    EXPECT_THAT(Unpack(GRPC_COMPRESS_GZIP, 1 << 20, &buffer),
                StatusIs(absl::StatusCode::kInternal));
  }
}

}  // namespace
}  // namespace rpc
