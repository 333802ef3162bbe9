// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// rpc/wire/encoding.h: any bytes inflate to something or to an error, within the limit; and what was
// deflated comes back.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "http2/account.h"
#include "rpc/wire/encoding.h"
#include "tests/fuzz/input.h"

namespace udsecho::fuzz {
namespace {

using rpc::wire::Encoding;
using rpc::wire::Inflation;

// Returns its status, and checks what it held.
absl::Status Inflate(Encoding encoding, absl::string_view bytes, std::size_t limit,
                     std::int64_t budget_bytes, std::string* out) {
  http2::MemoryBudget budget(budget_bytes);
  http2::MemoryBudget::Holder holder;
  http2::Account account(&budget, &holder);
  absl::Status status;
  {
    Inflation inflation(encoding, bytes, limit, &account);
    while (inflation.Step() == Inflation::Progress::kMore) {
      EXPECT_LE(account.held(), budget_bytes / 2);
    }
    status = inflation.status();
    EXPECT_LE(account.held(), budget_bytes / 2);
    EXPECT_LE(inflation.bytes().size(), status.ok() ? limit : 0);
    EXPECT_LE(inflation.bytes().size(), static_cast<std::size_t>(account.held()));
    *out = std::string(inflation.bytes());
  }
  EXPECT_EQ(account.held(), 0);
  return status;
}

void CheckRoundTrip(Encoding encoding, const std::string& bytes) {
  const std::string packed = rpc::wire::Deflate(encoding, bytes);
  std::string out;
  EXPECT_TRUE(Inflate(encoding, packed, bytes.size(), 1 << 26, &out).ok());
  EXPECT_EQ(out, bytes);
  // Within one byte less, or with one byte less, it is none.
  if (!bytes.empty()) {
    EXPECT_EQ(Inflate(encoding, packed, bytes.size() - 1, 1 << 26, &out).code(),
              absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(Inflate(encoding, packed.substr(0, packed.size() - 1), bytes.size() + 1, 1 << 26, &out)
                .code(),
            absl::StatusCode::kInternal);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const Encoding encoding = in.Byte() % 2 == 0 ? Encoding::kDeflate : Encoding::kGzip;
  const std::size_t limit = in.Number(3);
  const std::int64_t budget_bytes = 1 + std::int64_t{in.Number(3)};
  const std::string bytes(in.Rest());

  std::string out;
  const absl::Status status = Inflate(encoding, bytes, limit, budget_bytes, &out);
  EXPECT_TRUE(status.ok() || absl::IsInternal(status) || absl::IsResourceExhausted(status));
  CheckRoundTrip(encoding, bytes);
  if (status.ok()) CheckRoundTrip(encoding, out);

  const auto named = rpc::wire::EncodingOf(bytes);
  if (named.has_value()) EXPECT_TRUE(rpc::wire::IsAmong(bytes, *named));
  rpc::wire::IsAmong(bytes, encoding);
  return 0;
}

}  // namespace udsecho::fuzz
