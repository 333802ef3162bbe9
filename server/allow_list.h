// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Which users may call, by the kernel's word on who connected.
//
//   AllowList allow;
//   if (absl::Status status = allow.Add("uid:1000,gid:docker,user:ann"); !status.ok()) ...
//   options.admit = [allow](const uds::PeerCredentials& peer) { return allow.Check(peer); };
//
// An empty list lets in everybody whom the socket's mode lets connect. Any other lets in those that
// it names, and always the server's own user, and root: who is root could become any of them.
//
// Thread safety: const access from several threads is fine.
// Ownership: a value.

#ifndef SERVER_ALLOW_LIST_H_
#define SERVER_ALLOW_LIST_H_

#include <sys/types.h>

#include <set>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "uds/peer_credentials.h"

namespace udsecho {

class AllowList {
 public:
  // Entries with commas between them: `uid:N`, `user:NAME`, `gid:N` or `gid:NAME`. A group lets in
  // whoever has it as the primary or as a supplementary group. Names are looked up now, once.
  // InvalidArgument or NotFound, with the entry and what is wrong with it.
  absl::Status Add(absl::string_view entries);

  bool empty() const { return uids_.empty() && gids_.empty(); }

  // PermissionDenied, with a sentence for the peer: it does not tell who else may.
  absl::Status Check(const uds::PeerCredentials& peer) const;

 private:
  absl::Status AddOne(absl::string_view entry);
  bool Allows(const uds::PeerCredentials& peer) const;

  std::set<uid_t> uids_;
  std::set<gid_t> gids_;
};

}  // namespace udsecho

#endif  // SERVER_ALLOW_LIST_H_
