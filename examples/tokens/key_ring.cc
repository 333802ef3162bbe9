// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "key_ring.h"

#include <algorithm>
#include <utility>

namespace tokens {

bool KeyRing::Use(std::shared_ptr<const Signer> signer, absl::Time now) {
  const std::shared_ptr<const Signer> before = std::exchange(signer_, std::move(signer));
  if (before == nullptr || before->HasKeyOf(*signer_)) return false;
  std::erase_if(old_, [now](const Old& old) { return old.until <= now; });
  if (old_.size() == kMostOld) old_.erase(old_.begin());
  old_.push_back({before, std::exchange(last_expiry_, absl::InfinitePast())});
  return true;
}

std::string KeyRing::Sign(const Claims& claims) {
  last_expiry_ = std::max(last_expiry_, claims.expires);
  return signer_->Sign(claims);
}

absl::StatusOr<Claims> KeyRing::Verify(absl::string_view token, absl::Time now) const {
  absl::StatusOr<Claims> claims = signer_->Verify(token);
  for (const Old& old : old_) {
    if (claims.ok()) break;
    if (old.until > now) claims = old.signer->Verify(token);
  }
  return claims;
}

}  // namespace tokens
