// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Accepts connections, ties each to its peer's credentials, and hands it to a shard.
//
// A connection is accepted, its peer's credentials are read, it is asked whether the peer may call,
// and the limits of its uid and of the server are checked; then it belongs to a shard. Until its
// SETTINGS have come it is silent. The number of silent ones is limited: for one more, the oldest
// of the uid that has most of them is closed.
//
// A connection over a limit is a guest: it is served for a second, so that its calls can be refused
// with a reason.
//
// Thread safety: none; lives on the loop of the first shard. GiveUpPath(): any thread.
// Ownership: owns the listener, whose path is given up with the acceptor. Borrows the rest.

#ifndef RPC_ACCEPTOR_H_
#define RPC_ACCEPTOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "http2/exchange.h"
#include "http2/loop.h"
#include "rpc/admission.h"
#include "rpc/call/connection_info.h"
#include "rpc/connection_list.h"
#include "rpc/server_events.h"
#include "rpc/shard.h"
#include "uds/listener.h"
#include "uds/peer_credentials.h"
#include "uds/unique_fd.h"

namespace rpc {

class Acceptor {
 public:
  struct Parts {
    http2::Loop* loop;  // of the first shard
    ServerEvents* events;
    Admission* admission;
    ConnectionList* connections;
    const std::vector<std::unique_ptr<Shard>>* shards;
    // Whether the peer may call: see ServerOptions.
    std::function<absl::Status(const uds::PeerCredentials&)> admit;
  };

  Acceptor(uds::Listener listener, Parts parts);
  ~Acceptor();

  absl::Status Start();

  // Refuses all new connections, and accepts those that wait in the backlog.
  void AcceptTheRest();

  // For the shards: the connection's SETTINGS came; it has ended.
  void Spoke(const std::shared_ptr<Connection>& connection);
  void Ended(const std::shared_ptr<Connection>& connection, http2::Ending how);

  // Calls `work` once no connection is open.
  void WhenAllEnded(std::function<void()> work);

  // Tells clients to leave for which `admit` has another answer than when they connected.
  void Readmit();

  // Gives up the listener's path, at the end.
  absl::Status GiveUpPath() { return listener_.Release(); }

 private:
  struct Open {
    std::shared_ptr<Connection> connection;
    std::size_t shard = 0;
    uid_t uid = 0;       // that it counts for; Admission::kDenied if it may not call
    bool guest = false;  // over a limit: counts for no uid
    bool spoke = false;
    bool has_place = true;  // counts for its uid, or among the guests
    bool is_silent = true;  // counts among the silent ones
  };

  // Tells of a descriptor that is ready.
  class Readiness final : public http2::Loop::Watcher {
   public:
    explicit Readiness(std::function<void()> ready) : ready_(std::move(ready)) {}
    void Ready(std::uint32_t /*events*/) override { ready_(); }

   private:
    const std::function<void()> ready_;
  };

  absl::Status Listen();
  // Looks where the path leads, tells if that has changed, and makes it lead here again if it is
  // free.
  void CheckPath();
  void TellOfPath(const absl::Status& path);
  bool MayRestorePath() const;
  absl::Status RestorePath();
  void AcceptAtEarlierSocket();
  absl::Status WatchPath();
  // Looks again after a while, where nothing would tell of a change.
  void CheckPathLater();
  void Accept();
  // False when none waits any more, or accepting has to pause.
  bool AcceptOne();
  void Pause(const absl::Status& why);
  void Admit(uds::UniqueFd fd, uds::PeerCredentials peer);
  // OK if one more connection of this uid may stay, for which an idle one of another uid may be
  // ended. Otherwise the reason.
  absl::Status MakePlace(uid_t uid);
  void MakeRoomForSilent();
  void Adopt(uds::UniqueFd fd, Open open);
  // Null: there is no connection yet.
  void Refuse(const absl::Status& why, const Connection* connection);
  void End(const Open& open);
  // Ends it to make room. It does not count any more, even before its shard has ended it.
  void Evict(Open* open);
  void GivePlace(Open* open);
  void NotSilent(Open* open);
  std::size_t FreestShard() const;
  void TellOfEnding(const Open& open, http2::Ending how);

  uds::Listener listener_;
  const Parts parts_;
  Readiness listener_ready_;
  Readiness path_changed_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, Open> open_;  // by id, and so by age
  std::vector<std::size_t> connections_of_shard_;
  int silent_ = 0;
  int guests_ = 0;
  absl::Status path_;  // what PathChanged() was last called with
  bool path_is_watched_ = true;
  bool path_is_checked_later_ = false;
  std::optional<http2::Nanoseconds> path_gone_since_;
  std::optional<http2::Nanoseconds> path_restored_at_;
  bool paused_ = false;
  bool refusing_ = false;
  std::function<void()> when_all_ended_;
};

}  // namespace rpc

#endif  // RPC_ACCEPTOR_H_
