// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/allow_list.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/accounts.h"
#include "uds/printable.h"

namespace udsecho {
namespace {

absl::Status Refuse(absl::string_view entry, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("'", uds::Printable(entry), "' ", why));
}

}  // namespace

absl::Status AllowList::Add(absl::string_view entries) {
  for (const absl::string_view entry : absl::StrSplit(entries, ',')) {
    if (absl::Status status = AddOne(entry); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status AllowList::AddOne(absl::string_view entry) {
  constexpr absl::string_view kNoNumber =
      "is nobody who could be let in (the number 65534 stands for all who have none here)";
  absl::string_view rest = entry;
  if (absl::ConsumePrefix(&rest, "uid:")) {
    const std::optional<id_t> uid = ParseId(rest);
    if (!uid.has_value()) return Refuse(entry, absl::StrCat(kNoNumber, "; for a name say user:"));
    uids_.insert(*uid);
    return absl::OkStatus();
  }
  if (absl::ConsumePrefix(&rest, "user:")) {
    const absl::StatusOr<uid_t> uid = LookUpUser(std::string(rest));
    if (!uid.ok()) {
      return absl::Status(uid.status().code(),
                          absl::StrCat(uid.status().message(), "; for a number say uid:"));
    }
    if (*uid == kOverflowId) return Refuse(entry, kNoNumber);
    uids_.insert(*uid);
    return absl::OkStatus();
  }
  if (absl::ConsumePrefix(&rest, "gid:")) {
    if (!rest.empty() && rest.find_first_not_of("0123456789") == absl::string_view::npos) {
      const std::optional<id_t> gid = ParseId(rest);
      if (!gid.has_value()) return Refuse(entry, kNoNumber);
      gids_.insert(*gid);
      return absl::OkStatus();
    }
    const absl::StatusOr<gid_t> gid = LookUpGroup(std::string(rest));
    if (!gid.ok()) return gid.status();
    if (*gid == kOverflowId) return Refuse(entry, kNoNumber);
    gids_.insert(*gid);
    return absl::OkStatus();
  }
  return Refuse(entry, "names nobody; say uid:1000, user:NAME or gid:GROUP, with commas between");
}

bool AllowList::Allows(const uds::PeerCredentials& peer) const {
  return peer.uid == 0 || uds::IsOurUser(peer) || uids_.contains(peer.uid) ||
         gids_.contains(peer.gid) ||
         std::any_of(peer.groups.begin(), peer.groups.end(),
                     [this](gid_t gid) { return gids_.contains(gid); });
}

absl::Status AllowList::Check(const uds::PeerCredentials& peer) const {
  if (empty() || Allows(peer)) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("uid ", peer.uid,
                   " is not on this server's allow list; ask whoever runs it to add you, or call "
                   "as a user who is"));
}

}  // namespace udsecho
