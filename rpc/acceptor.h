// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Accepts connections at one socket, with their peers' credentials, and keeps its path.
//
//   rpc::Acceptor acceptor(std::move(listener), {.loop = &loop, .reception = &reception, ...});
//   absl::Status started = acceptor.Start();
//
// A path that is removed is made again; one that is replaced is told. Without descriptors, accepting
// pauses.
//
// Thread safety: none; lives on the loop of the first shard. GiveUpPath(): any thread.
// Ownership: owns the listener, whose path is given up with the acceptor. Borrows the rest.

#ifndef RPC_ACCEPTOR_H_
#define RPC_ACCEPTOR_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "http2/clock.h"
#include "http2/loop.h"
#include "rpc/endpoint.h"
#include "rpc/reception.h"
#include "rpc/server_events.h"
#include "uds/listener.h"

namespace rpc {

class Acceptor {
 public:
  struct Parts {
    http2::Loop* loop;  // of the first shard
    ServerEvents* events;
    Reception* reception;
    const Endpoint* endpoint;
    std::function<void()> taken_over;  // another server has the path
  };

  Acceptor(uds::Listener listener, Parts parts);
  ~Acceptor();

  absl::Status Start();

  // Once all else has started: see uds::Listener::Publish().
  absl::Status Publish();

  // Refuses all new connections, and accepts those that wait in the backlog.
  void AcceptTheRest();

  bool is_taken_over() const { return absl::IsAlreadyExists(path_); }

  // Gives up the listener's path, at the end.
  absl::Status GiveUpPath() { return listener_.Release(); }

 private:
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

  uds::Listener listener_;
  const Parts parts_;
  Readiness listener_ready_;
  Readiness path_changed_;
  absl::Status path_;  // what PathChanged() was last called with
  bool path_is_watched_ = true;
  bool path_is_checked_later_ = false;
  std::optional<http2::Nanoseconds> path_gone_since_;
  std::optional<http2::Nanoseconds> path_restored_at_;
  bool paused_ = false;
  bool refusing_ = false;
};

}  // namespace rpc

#endif  // RPC_ACCEPTOR_H_
