// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "signer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "file.h"

namespace tokens {
namespace {

constexpr std::size_t kLeastSecret = 16;  // bytes
constexpr std::size_t kMostToken = 4096;  // bytes
constexpr absl::string_view kSalt = "tokens example, key 1";

// {"alg":"HS256","typ":"JWT"}. A token with another header is not ours, whatever that says.
constexpr absl::string_view kHeader = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

absl::Status NotValid() {
  return absl::UnauthenticatedError(
      "the token is not valid: the agent has not signed it, or with a key that is no longer valid; "
      "ask its owner for a new one");
}

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Signer>> Signer::Load(const std::string& key_file) {
  absl::StatusOr<std::string> secret = ReadSmallFile(key_file, Secrecy::kSecret);
  if (!secret.ok()) return secret.status();
  absl::StatusOr<std::shared_ptr<const Signer>> signer = Derive(*secret);
  OPENSSL_cleanse(secret->data(), secret->size());
  if (signer.ok()) return signer;
  return absl::Status(signer.status().code(),
                      absl::StrCat(key_file, ": ", signer.status().message()));
}

absl::StatusOr<std::shared_ptr<const Signer>> Signer::Derive(absl::string_view secret) {
  if (secret.size() < kLeastSecret) {
    return absl::InvalidArgumentError(
        absl::StrCat("the key has ", secret.size(), " bytes, and ", kLeastSecret,
                     " are needed; make one with `head -c 32 /dev/urandom >FILE`"));
  }
  // What RFC 7914 calls N, r, p. They take 128 * N * r = 32 MiB.
  constexpr std::uint64_t kCost = 1 << 15;
  constexpr std::uint64_t kBlocks = 8;
  constexpr std::uint64_t kParallel = 1;
  constexpr std::uint64_t kMostMemory = 64 << 20;
  std::shared_ptr<Signer> signer(new Signer);
  if (EVP_PBE_scrypt(secret.data(), secret.size(), Bytes(kSalt), kSalt.size(), kCost, kBlocks,
                     kParallel, kMostMemory, signer->key_.data(), signer->key_.size()) != 1) {
    return absl::ResourceExhaustedError(
        "OpenSSL could not derive the key, which takes 32 MiB; raise MemoryMax= of the service");
  }
  return signer;
}

Signer::~Signer() { OPENSSL_cleanse(key_.data(), key_.size()); }

std::string Signer::SignatureOf(absl::string_view text) const {
  std::array<unsigned char, 32> signature{};
  unsigned int size = signature.size();
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), Bytes(text), text.size(),
       signature.data(), &size);
  return absl::WebSafeBase64Escape(
      absl::string_view(reinterpret_cast<const char*>(signature.data()), size));
}

std::string Signer::Sign(const Claims& claims) const {
  const std::string unsigned_token =
      absl::StrCat(kHeader, ".", absl::WebSafeBase64Escape(ToJson(claims)));
  return absl::StrCat(unsigned_token, ".", SignatureOf(unsigned_token));
}

absl::StatusOr<Claims> Signer::Verify(absl::string_view token) const {
  const std::size_t dot = token.rfind('.');
  if (token.size() > kMostToken || dot == absl::string_view::npos) return NotValid();
  // What anybody sent is not parsed before its signature has been compared, in constant time.
  const absl::string_view unsigned_token = token.substr(0, dot);
  const absl::string_view signature = token.substr(dot + 1);
  const std::string right = SignatureOf(unsigned_token);
  if (signature.size() != right.size() ||
      CRYPTO_memcmp(signature.data(), right.data(), right.size()) != 0) {
    return NotValid();
  }
  const std::size_t header = unsigned_token.find('.');
  std::string text;
  if (unsigned_token.substr(0, header) != kHeader ||
      !absl::WebSafeBase64Unescape(unsigned_token.substr(header + 1), &text)) {
    return NotValid();
  }
  std::optional<Claims> claims = ParseClaims(text);
  if (!claims.has_value()) return NotValid();
  return *std::move(claims);
}

}  // namespace tokens
