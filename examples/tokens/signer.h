// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Signs tokens and looks at signatures. A token is a JWT (RFC 7519) with HS256, so that programs in all
// languages can read it.
//
//   absl::StatusOr<std::shared_ptr<const tokens::Signer>> signer = tokens::Signer::Load(key_file);
//   const std::string token = (*signer)->Sign(claims);
//   const absl::StatusOr<tokens::Claims> same = (*signer)->Verify(token);
//
// The key is derived from the file's bytes by scrypt, so that a long passphrase will do. The same file
// gives the same key: tokens stay valid while the agent restarts. The bytes of the file and the key are
// wiped when they are no longer needed; neither they nor tokens are in any message.
//
// Thread safety: const, so any thread.

#ifndef TOKENS_SIGNER_H_
#define TOKENS_SIGNER_H_

#include <array>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "claims.h"

namespace tokens {

class Signer {
 public:
  // Reads the file and derives the key, for about a tenth of a second: blocks, and takes 32 MiB.
  static absl::StatusOr<std::shared_ptr<const Signer>> Load(const std::string& key_file);
  // INVALID_ARGUMENT if the secret is shorter than 16 bytes.
  static absl::StatusOr<std::shared_ptr<const Signer>> Derive(absl::string_view secret);

  ~Signer();
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;

  std::string Sign(const Claims& claims) const;

  // What a token says that this key has signed; UNAUTHENTICATED otherwise. Any bytes will do. The
  // caller still has to look at the audience and at the time.
  absl::StatusOr<Claims> Verify(absl::string_view token) const;

  bool HasKeyOf(const Signer& other) const { return key_ == other.key_; }

 private:
  Signer() = default;

  std::string SignatureOf(absl::string_view text) const;

  std::array<unsigned char, 32> key_{};
};

}  // namespace tokens

#endif  // TOKENS_SIGNER_H_
