// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What is decompressed, in which steps, and how much of it.

#include "rpc/wire/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <optional>
#include <string>

#include "tests/support/status_matchers.h"

namespace rpc::wire {
namespace {

using support::IsOk;
using support::StatusIs;
using ::testing::HasSubstr;

constexpr int kGzip = 15 + 16;
constexpr int kZlib = 15;

std::string Compress(const std::string& text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(
      deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY),
      Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  // NOLINTNEXTLINE(*-const-cast): zlib only reads, but does not say so
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Mixed(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>((i * i) >> 3);
  return text;
}

// Whose account is empty again after each test.
class EncodingTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kBudget = 256 << 20;

  ~EncodingTest() override { EXPECT_EQ(account_.held(), 0); }

  // Inflates to the end. How it ended.
  absl::Status Unpack(Encoding encoding, const std::string& bytes, std::size_t max_bytes,
                      std::string* text = nullptr) {
    Inflation inflation(encoding, bytes, max_bytes, &account_);
    while (inflation.Step() == Inflation::Progress::kMore) {
    }
    if (text != nullptr) *text = std::string(inflation.bytes());
    return inflation.status();
  }

  http2::MemoryBudget budget_{kBudget};
  http2::MemoryBudget::Holder holder_;
  http2::Account account_{&budget_, &holder_};
};

TEST_F(EncodingTest, NamesAreThoseOnTheWire) {
  EXPECT_EQ(NameOf(Encoding::kIdentity), "identity");
  EXPECT_EQ(NameOf(Encoding::kGzip), "gzip");
  EXPECT_EQ(NameOf(Encoding::kDeflate), "deflate");
  for (const Encoding encoding : {Encoding::kIdentity, Encoding::kGzip, Encoding::kDeflate}) {
    EXPECT_EQ(EncodingOf(NameOf(encoding)), encoding);
    EXPECT_TRUE(IsAmong(kAcceptedEncodings, encoding));
  }
  EXPECT_EQ(EncodingOf("zstd"), std::nullopt);
  EXPECT_EQ(EncodingOf("GZIP"), std::nullopt);
  EXPECT_EQ(EncodingOf(""), std::nullopt);
}

TEST_F(EncodingTest, IsAmongThoseOfAListWithOrWithoutSpaces) {
  EXPECT_TRUE(IsAmong("identity, deflate , gzip", Encoding::kDeflate));
  EXPECT_TRUE(IsAmong("gzip", Encoding::kGzip));
  EXPECT_FALSE(IsAmong("gzipped,deflate", Encoding::kGzip));
  EXPECT_FALSE(IsAmong("", Encoding::kGzip));
}

TEST_F(EncodingTest, UnpacksWhatWasPacked) {
  for (const std::size_t bytes : {0, 1, 4095, 4096, 4097, 100'000, 3'000'000}) {
    const std::string text = Mixed(bytes);
    std::string unpacked;
    EXPECT_THAT(Unpack(Encoding::kGzip, Compress(text, kGzip), bytes, &unpacked), IsOk()) << bytes;
    EXPECT_TRUE(unpacked == text) << bytes;
    EXPECT_THAT(Unpack(Encoding::kDeflate, Compress(text, kZlib), bytes, &unpacked), IsOk())
        << bytes;
    EXPECT_TRUE(unpacked == text) << bytes;
  }
}

TEST_F(EncodingTest, UnpacksWhatItPacksItself) {
  for (const Encoding encoding : {Encoding::kGzip, Encoding::kDeflate}) {
    for (const std::string& text : {std::string(), std::string("x"), Mixed(100'000)}) {
      std::string unpacked;
      EXPECT_THAT(Unpack(encoding, Deflate(encoding, text), text.size(), &unpacked), IsOk());
      EXPECT_TRUE(unpacked == text);
    }
  }
}

TEST_F(EncodingTest, GoesInStepsOfBoundedWork) {
  constexpr std::size_t kBytes = 10 * Inflation::kStepBytes;
  const std::string packed = Compress(std::string(kBytes, 'x'), kGzip);
  Inflation inflation(Encoding::kGzip, packed, kBytes, &account_);
  int steps = 1;
  std::size_t before = 0;
  while (inflation.Step() == Inflation::Progress::kMore) {
    ++steps;
    EXPECT_LE(inflation.bytes().size() - before, Inflation::kStepBytes);
    before = inflation.bytes().size();
  }
  EXPECT_THAT(inflation.status(), IsOk());
  EXPECT_GE(steps, 10);
  EXPECT_EQ(inflation.bytes().size(), kBytes);
}

TEST_F(EncodingTest, StopsAtTheLimit) {
  for (const std::size_t bytes : {101, 5000, 64 << 20}) {
    const std::string packed = Compress(std::string(bytes, 'x'), kGzip);
    std::string unpacked;
    EXPECT_THAT(Unpack(Encoding::kGzip, packed, 100, &unpacked),
                StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("100 bytes")));
    EXPECT_EQ(unpacked, "");
  }
}

TEST_F(EncodingTest, TakesNoMoreThanTheLimit) {
  constexpr std::size_t kLimit = 1 << 20;
  const std::string packed = Compress(std::string(64 << 20, 'x'), kGzip);
  Inflation inflation(Encoding::kGzip, packed, kLimit, &account_);
  std::int64_t most = 0;
  while (inflation.Step() == Inflation::Progress::kMore) most = std::max(most, account_.held());
  EXPECT_LE(most, static_cast<std::int64_t>(kLimit) + 64 * 1024) << "and what zlib needs";
  EXPECT_THAT(inflation.status(), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(EncodingTest, StopsWhereTheAccountDoes) {
  const std::string packed = Compress(std::string(1 << 20, 'x'), kGzip);
  const std::int64_t taken = account_.share() - 512 * 1024;
  ASSERT_TRUE(account_.Hold(taken));
  EXPECT_THAT(Unpack(Encoding::kGzip, packed, 4 << 20),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("memory")));
  EXPECT_EQ(account_.held(), taken);
  ASSERT_TRUE(account_.Hold(account_.share() - taken));
  EXPECT_THAT(Unpack(Encoding::kGzip, packed, 4 << 20),
              StatusIs(absl::StatusCode::kResourceExhausted))
      << "not even zlib's own";
  account_.Release(account_.held());
  EXPECT_THAT(Unpack(Encoding::kGzip, packed, 4 << 20), IsOk());
}

TEST_F(EncodingTest, GivesItsBytesBackWhereverItEnds) {
  const std::string packed = Compress(std::string(10 * Inflation::kStepBytes, 'x'), kGzip);
  for (int steps = 0; steps < 12; ++steps) {
    Inflation inflation(Encoding::kGzip, packed, 4 << 20, &account_);
    for (int i = 0; i < steps; ++i) {
      if (inflation.Step() == Inflation::Progress::kDone) break;
    }
    EXPECT_GT(account_.held(), 0);
  }  // and the fixture looks
}

TEST_F(EncodingTest, RefusesWhatIsNotWhole) {
  const std::string whole = Compress(Mixed(10'000), kGzip);
  std::string flipped = whole;
  flipped[flipped.size() / 2] ^= 1;
  std::string wrong_sum = whole;
  wrong_sum[wrong_sum.size() - 8] ^= 1;
  for (const std::string& bytes :
       {std::string("not gzip"), whole.substr(0, whole.size() - 1), whole + "x", whole + whole,
        flipped, wrong_sum, Compress("zlib's", kZlib), std::string()}) {
    EXPECT_THAT(Unpack(Encoding::kGzip, bytes, 1 << 20),
                StatusIs(absl::StatusCode::kInternal, HasSubstr("gzip")));
  }
  EXPECT_THAT(Unpack(Encoding::kDeflate, whole, 1 << 20),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("deflate")));
}

TEST_F(EncodingTest, RefusesEachBeginning) {
  const std::string whole = Compress(Mixed(1000), kGzip);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(Unpack(Encoding::kGzip, whole.substr(0, size), 1 << 20),
                StatusIs(absl::StatusCode::kInternal))
        << size;
  }
}

}  // namespace
}  // namespace rpc::wire
