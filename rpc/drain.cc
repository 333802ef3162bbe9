// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/drain.h"

#include <utility>

#include "rpc/call.h"

namespace rpc {
namespace {

// How long clients may take to leave once they were told to, before gRPC shuts down and kills the
// calls that still arrive. Those that know GOAWAY leave at once, or with their last call. And so
// long is a client waited for that has no call: gRPC itself would wait 20 s.
constexpr absl::Duration kLeaving = absl::Seconds(1);
constexpr absl::Duration kLeavingPoll = absl::Milliseconds(2);

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
  AwaitLeaving(absl::Now() + kLeaving);
}

void Drain::AwaitLeaving(absl::Time until) {
  if (parts_.acceptor->open_connections() == 0 || absl::Now() >= until) {
    ShutDownGrpc();
    return;
  }
  // Again and again, for those whose socket was full.
  OnShardThen(
      [this] { parts_.shard->connections().GoAway(); },
      [this, until] { parts_.loop->After(kLeavingPoll, [this, until] { AwaitLeaving(until); }); });
}

void Drain::ShutDownGrpc() {
  if (std::exchange(shutting_down_, true)) return;
  shutdown_ = std::thread([this] {
    parts_.server->Shutdown();  // returns when the last connection has gone
    parts_.loop->Post([this] { GrpcEnded(); });
  });
  // Who has no call left had time to leave.
  parts_.shard->Post([this] {
    parts_.shard->WhenIdle([this] { parts_.loop->Post([this] { parts_.acceptor->EndAll(); }); });
  });
}

void Drain::Cut() {
  if (std::exchange(cut_, true)) return;
  Refuse();
  ShutDownGrpc();
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
  shutdown_.join();
  parts_.shard->Post([this] {
    parts_.shard->WhenIdle([this] { parts_.loop->Post([this] { parts_.loop->Quit(); }); });
  });
}

}  // namespace rpc
