// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/drain.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "rpc/call.h"

namespace rpc {
namespace {

// How long clients may take to leave once they were told to, and once the last of them sent
// anything, before gRPC shuts down and kills the calls that still arrive. Those that know GOAWAY
// leave at once, or with their last call. And so long is a client waited for that has no call: gRPC
// would wait 20 s.
constexpr std::chrono::milliseconds kLeaving(1000);
constexpr absl::Duration kLeavingPoll = absl::Milliseconds(2);

// Between cancelling what is left and ending its connections: time for the status to go out.
constexpr absl::Duration kParting = absl::Milliseconds(100);

// gRPC says that it has ended while a thread of its own may still be writing the last status. It
// ends each connection after its last write, which we see; so long at most is waited for that.
constexpr std::chrono::milliseconds kGrpcsLastWrites(100);

// After the cut all ends within 300 ms. If it has not by then, a handler keeps the polling thread.
constexpr absl::Duration kStuck = absl::Seconds(1);

// Whether its caller loses it by being cut off. (Where the connection ended before the call was
// looked at, there is none.)
bool IsLost(const Call& call) {
  return !call.ending() && !call.answered() && call.connected() && !call.connection().IsSelfCall();
}

// Of what is still in the socket.
bool HasCall(const Connection& unread) { return unread.calls.value() == 0 && !unread.IsSelfCall(); }

}  // namespace

void Drain::Stop(absl::Duration grace) {
  if (begun_) {
    Cut();
  } else {
    Begin(grace);
  }
}

void Drain::Begin(absl::Duration grace) {
  begun_ = true;
  parts_.events->Draining(grace);
  parts_.loop->After(grace, [this] { Cut(); });
  parts_.shards->first().Post(parts_.tell_services);
  const auto drain = [](Shard& shard) {
    shard.BeginDrain();
    for (Call* call : shard.calls()) call->Drain();
  };
  parts_.shards->OnEach(drain, [this] { parts_.loop->Post([this] { Refuse(); }); });
}

void Drain::Refuse() {
  if (std::exchange(refused_, true)) return;
  parts_.acceptor->AcceptTheRest();
  AwaitLeaving(std::chrono::steady_clock::now() + kLeaving);
}

void Drain::AwaitLeaving(std::chrono::steady_clock::time_point until) {
  if (cut_) return;
  const bool silent =
      std::chrono::steady_clock::now() >= until && !parts_.acceptor->HeardInTheLast(kLeaving);
  if (silent || parts_.acceptor->open_connections() == 0) {
    ShutDownGrpc();
    return;
  }
  // Again and again, for those whose socket was full.
  const auto again = [this, until] {
    parts_.loop->After(kLeavingPoll, [this, until] { AwaitLeaving(until); });
  };
  parts_.shards->OnEach([](Shard& shard) { shard.connections().GoAway(); },
                        [this, again] { parts_.loop->Post(again); });
}

void Drain::ShutDownGrpc() {
  if (std::exchange(shutting_down_, true)) return;
  parts_.shards->ShutDownGrpc([this] { parts_.loop->Post([this] { GrpcEnded(); }); });
  // Who has no call left had time to leave.
  parts_.shards->WhenIdle([this] {
    parts_.loop->Post([this] {
      if (!cut_) parts_.acceptor->EndAll();  // else Cut() does, once the statuses are out
    });
  });
}

void Drain::Cut() {
  if (std::exchange(cut_, true)) return;
  parts_.loop->After(kStuck, [this] {
    parts_.acceptor->GiveUpPath();
    parts_.events->Stuck();
  });
  Refuse();
  CancelCalls({});
  parts_.loop->After(kParting, [this] {
    // Once more, for what was in the sockets then and has become a call since, or has not yet.
    CancelCalls(parts_.acceptor->Unread());
    parts_.loop->After(kParting, [this] {
      ShutDownGrpc();
      parts_.acceptor->EndAll();
    });
  });
}

void Drain::CancelCalls(const Acceptor::Connections& unread) {
  auto cut = std::make_shared<std::atomic<std::size_t>>(0);
  const auto cancel = [unread, cut](Shard& shard) {
    *cut += static_cast<std::size_t>(
        std::count_if(shard.calls().begin(), shard.calls().end(),
                      [](const Call* call) { return IsLost(*call); }) +
        std::count_if(unread.begin(), unread.end(), [&shard](const auto& connection) {
          return shard.connections().Has(*connection) && HasCall(*connection);
        }));
    for (Call* call : shard.calls()) {
      call->Cancel({grpc::StatusCode::UNAVAILABLE,
                    "the server stopped before the call was done; connect again and retry"});
    }
  };
  parts_.shards->OnEach(cancel, [this, cut] {
    parts_.loop->Post([this, cut = cut->load()] {
      calls_cut_ += cut;
      if (cut > 0) parts_.events->Cutting(cut);
    });
  });
}

void Drain::GrpcEnded() {
  const auto until = std::chrono::steady_clock::now() + kGrpcsLastWrites;
  parts_.shards->WhenIdle(
      [this, until] { parts_.loop->Post([this, until] { AwaitLastWrites(until); }); });
}

void Drain::AwaitLastWrites(std::chrono::steady_clock::time_point until) {
  if (parts_.acceptor->open_connections() == 0 || std::chrono::steady_clock::now() >= until) {
    parts_.loop->Quit();
    return;
  }
  parts_.loop->After(kLeavingPoll, [this, until] { AwaitLastWrites(until); });
}

}  // namespace rpc
