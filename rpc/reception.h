// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Takes connections in from the sockets at which they came, and counts them until they end.
//
//   reception.Take(std::move(fd), std::move(peer), endpoint);
//
// A connection's peer is asked about (EndpointOptions::admit), the limits of its uid and of the server
// are checked, and it is handed to the shard that has fewest. Until its SETTINGS have come it is silent.
// The number of silent ones is limited: for one more, the oldest of the uid that has most of them is
// closed.
//
// A connection over a limit is a guest: it is served for a second, so that its calls can be refused
// with a reason.
//
// Thread safety: none; lives on the loop of the first shard. Ownership: borrows its parts.

#ifndef RPC_RECEPTION_H_
#define RPC_RECEPTION_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "http2/exchange.h"
#include "http2/loop.h"
#include "rpc/admission.h"
#include "rpc/call/connection_info.h"
#include "rpc/connection_list.h"
#include "rpc/endpoint.h"
#include "rpc/server_events.h"
#include "rpc/shard.h"
#include "uds/peer_credentials.h"
#include "uds/unique_fd.h"

namespace rpc {

class Reception {
 public:
  struct Parts {
    http2::Loop* loop;  // of the first shard
    ServerEvents* events;
    Admission* admission;
    ConnectionList* connections;
    const std::vector<std::unique_ptr<Shard>>* shards;
  };

  explicit Reception(const Parts& parts);

  // `endpoint` outlives it.
  void Take(uds::UniqueFd fd, uds::PeerCredentials peer, const Endpoint& endpoint);

  // Counts and tells of one that does not stay. Null: there is no connection yet.
  void Refuse(const absl::Status& why, const Connection* connection);

  // For the shards: the connection's SETTINGS came; it has ended.
  void Spoke(const std::shared_ptr<Connection>& connection);
  void Ended(const std::shared_ptr<Connection>& connection, http2::Ending how);

  // Calls `work` once no connection is open.
  void WhenAllEnded(std::function<void()> work);

  // Tells clients to leave for which `admit` has another answer than when they connected.
  void Readmit();

 private:
  struct Open {
    std::shared_ptr<Connection> connection;
    const Endpoint* endpoint = nullptr;
    std::size_t shard = 0;
    uid_t uid = 0;       // that it counts for; Admission::kDenied if it may not call
    bool guest = false;  // over a limit: counts for no uid
    bool spoke = false;
    bool has_place = true;  // counts for its uid, or among the guests
    bool is_silent = true;  // counts among the silent ones
  };

  // OK if one more connection of this uid may stay, for which an idle one of another uid may be
  // ended. Otherwise the reason.
  absl::Status MakePlace(uid_t uid);
  void MakeRoomForSilent();
  void Adopt(uds::UniqueFd fd, Open open);
  void End(const Open& open);
  // Ends it to make room. It does not count any more, even before its shard has ended it.
  void Evict(Open* open);
  void GivePlace(Open* open);
  void NotSilent(Open* open);
  std::size_t FreestShard() const;
  void TellOfEnding(const Open& open, http2::Ending how);

  const Parts parts_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, Open> open_;  // by id, and so by age
  std::vector<std::size_t> connections_of_shard_;
  int silent_ = 0;
  int guests_ = 0;
  std::function<void()> when_all_ended_;
};

}  // namespace rpc

#endif  // RPC_RECEPTION_H_
