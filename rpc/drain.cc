// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/drain.h"

#include <utility>

#include "rpc/call.h"

namespace rpc {
namespace {

// From the moment that gRPC is told to shut down it kills what calls arrive, CANCELLED, until the
// client has heard of it. So we wait first until nothing is on its way: no byte unread on any
// connection. Clients that keep sending get no more than this long.
constexpr absl::Duration kQuietWait = absl::Milliseconds(500);
constexpr absl::Duration kQuietPoll = absl::Milliseconds(2);

// gRPC gives a client 20 s to acknowledge GOAWAY, also one without calls. Once no call is in flight
// we give it this long.
constexpr absl::Duration kIdlePatience = absl::Seconds(1);

// Between cancelling what is left and ending its connections: time for the status to go out.
constexpr absl::Duration kParting = absl::Milliseconds(100);

}  // namespace

void Drain::Stop() {
  if (begun_) {
    Cut();
  } else {
    Begin();
  }
}

void Drain::OnShardThen(std::function<void()> work, std::function<void()> next) {
  parts_.shard->Post([this, work = std::move(work), next = std::move(next)] {
    work();
    parts_.loop->Post(next);
  });
}

void Drain::Begin() {
  begun_ = true;
  parts_.events->Draining(parts_.grace);
  parts_.loop->After(parts_.grace, [this] { Cut(); });
  OnShardThen(parts_.tell_services, [this] { Refuse(); });
}

void Drain::Refuse() {
  if (std::exchange(refused_, true)) return;
  parts_.acceptor->AcceptTheRest();
  AwaitQuiet(absl::Now() + kQuietWait);
}

void Drain::AwaitQuiet(absl::Time until) {
  if (going_away_) return;
  const bool quiet = parts_.acceptor->NothingUnread();
  // What was read a moment ago may not have become a call yet. By the time that the shard has run
  // what is posted now, it has.
  OnShardThen([] {}, [this, until, quiet] {
    if ((quiet && parts_.acceptor->NothingUnread()) || absl::Now() >= until) {
      GoAway();
    } else {
      parts_.loop->After(kQuietPoll, [this, until] { AwaitQuiet(until); });
    }
  });
}

void Drain::GoAway() {
  if (std::exchange(going_away_, true)) return;
  goaway_ = std::thread([this] {
    parts_.server->Shutdown();  // returns when the last connection has gone
    parts_.loop->Post([this] { GrpcEnded(); });
  });
  parts_.shard->Post(
      [this] { parts_.shard->WhenIdle([this] { parts_.loop->Post([this] { Idle(); }); }); });
}

void Drain::Idle() {
  parts_.loop->After(kIdlePatience, [this] { parts_.acceptor->EndAll(); });
}

void Drain::Cut() {
  if (std::exchange(cut_, true)) return;
  Refuse();
  GoAway();
  OnShardThen(
      [this] {
        calls_cut_ = parts_.shard->calls().size();
        for (Call* call : parts_.shard->calls()) {
          call->Cancel({grpc::StatusCode::UNAVAILABLE,
                        "the server stopped before the call was done; connect again and retry"});
        }
      },
      [this] {
        if (calls_cut_ > 0) parts_.events->Cutting(calls_cut_);
        parts_.loop->After(kParting, [this] { parts_.acceptor->EndAll(); });
      });
}

void Drain::GrpcEnded() {
  goaway_.join();
  parts_.shard->Post(
      [this] { parts_.shard->WhenIdle([this] { parts_.loop->Post([this] { parts_.loop->Quit(); }); }); });
}

}  // namespace rpc
