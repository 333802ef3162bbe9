// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The key that signs, and the keys before it whose tokens have not all expired.
//
//   KeyRing keys;
//   keys.Use(*Signer::Load(key_file), absl::Now());
//   const std::string token = keys.Sign(claims);
//   const absl::StatusOr<Claims> same = keys.Verify(token, absl::Now());
//
// Thread safety: as a plain value.

#ifndef TOKENS_KEY_RING_H_
#define TOKENS_KEY_RING_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "claims.h"
#include "signer.h"

namespace tokens {

class KeyRing {
 public:
  // From now on `signer` signs. Returns whether its key is another one than before. The key before is
  // kept until the last of its tokens expires; of old keys, the last eight.
  bool Use(std::shared_ptr<const Signer> signer, absl::Time now);
  // Tokens of the keys before are no longer valid.
  void ForgetOld() { old_.clear(); }

  // After the first Use().
  std::string Sign(const Claims& claims);

  // The claims of a token that one of the keys has signed; UNAUTHENTICATED otherwise. The caller still has
  // to look at the audience and at the time.
  absl::StatusOr<Claims> Verify(absl::string_view token, absl::Time now) const;

 private:
  struct Old {
    std::shared_ptr<const Signer> signer;
    absl::Time until;
  };
  static constexpr std::size_t kMostOld = 8;

  std::shared_ptr<const Signer> signer_;
  absl::Time last_expiry_ = absl::InfinitePast();  // of the tokens of signer_
  std::vector<Old> old_;
};

}  // namespace tokens

#endif  // TOKENS_KEY_RING_H_
