// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who may not connect for a while, because a connection of theirs had to be ended for the sake of
// others.
//
//   penalties.Add(uid, now);                  // that one was ended
//   if (penalties.IsOut(uid, now)) ...        // a connection came: close it
//
// Without, a flood that is ended connects again and goes on, and the time that it takes to notice
// it anew is lost to everybody else. The first penalty is kFirst; each further one, if it comes
// within kRemembered, is twice the one before, up to kLongest.
//
// Thread safety: none. Ownership: a value. It has an entry for each uid that was ever penalised.

#ifndef RPC_PENALTIES_H_
#define RPC_PENALTIES_H_

#include <sys/types.h>

#include <unordered_map>

#include "absl/time/time.h"

namespace rpc {

class Penalties {
 public:
  static constexpr absl::Duration kFirst = absl::Seconds(1);
  static constexpr absl::Duration kLongest = absl::Seconds(30);
  static constexpr absl::Duration kRemembered = absl::Minutes(2);

  // No effect while the uid is out already: what ends a flood ends several of its connections.
  void Add(uid_t uid, absl::Time now);

  bool IsOut(uid_t uid, absl::Time now) const;

 private:
  struct Penalty {
    absl::Time until = absl::InfinitePast();
    absl::Duration length;
  };
  std::unordered_map<uid_t, Penalty> by_uid_;
};

}  // namespace rpc

#endif  // RPC_PENALTIES_H_
