// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Tokens, as other programs read and forge them.

#include "signer.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "claims.h"

namespace tokens {
namespace {

constexpr char kSecret[] = "correct horse battery staple";

// By Python's hashlib.scrypt and hmac, of the claims below.
constexpr char kToken[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJhdWQiOiJkYiIsImV4cCI6MTcwMDAwMDMwMCwiaWF0IjoxNzAwMDAwMDAwLCJqdGkiOiIxIiwic3ViIjoiMTAwMCJ9."
    "jAYcqy5YLgQVsz3ewXkIooYEjYoOrAHdKBomVPfXYOk";

Claims SomeClaims() {
  return {.id = "1",
          .audience = "db",
          .uid = 1000,
          .issued = absl::FromUnixSeconds(1'700'000'000),
          .expires = absl::FromUnixSeconds(1'700'000'300)};
}

class SignerTest : public ::testing::Test {
 protected:
  void ExpectRefused(absl::string_view token) {
    EXPECT_EQ(signer_->Verify(token).status().code(), absl::StatusCode::kUnauthenticated) << token;
  }

  const std::shared_ptr<const Signer> signer_ = Signer::Derive(kSecret).value();
};

TEST_F(SignerTest, SignsAsOthersDo) { EXPECT_EQ(signer_->Sign(SomeClaims()), kToken); }

TEST_F(SignerTest, ReadsWhatItSigned) {
  const absl::StatusOr<Claims> claims = signer_->Verify(kToken);
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->id, "1");
  EXPECT_EQ(claims->audience, "db");
  EXPECT_EQ(claims->uid, 1000U);
  EXPECT_EQ(claims->issued, SomeClaims().issued);
  EXPECT_EQ(claims->expires, SomeClaims().expires);
}

TEST_F(SignerTest, RefusesWhatItDidNotSign) {
  const std::string token = kToken;
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    ExpectRefused(other);
    ExpectRefused(token.substr(0, i));
  }
  ExpectRefused(token + "=");
  ExpectRefused(token + "." + token);
  ExpectRefused(std::string("\0\xff..", 4));
  ExpectRefused(std::string(1 << 20, '.'));
  // {"alg":"none"}
  ExpectRefused(
      absl::StrCat("eyJhbGciOiJub25lIn0", token.substr(token.find('.'), token.rfind('.') + 1)));
}

TEST_F(SignerTest, KeysDiffer) {
  const auto other = Signer::Derive("Correct horse battery staple").value();
  EXPECT_FALSE(other->Verify(kToken).ok());
  EXPECT_FALSE(other->HasKeyOf(*signer_));
  EXPECT_TRUE(Signer::Derive(kSecret).value()->HasKeyOf(*signer_));
  EXPECT_EQ(Signer::Derive("too short").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RandomIdTest, IsNeverTheSame) { EXPECT_NE(RandomId().value(), RandomId().value()); }

}  // namespace
}  // namespace tokens
