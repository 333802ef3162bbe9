// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/drain.h"

#include <atomic>

#include "rpc/on_each_shard.h"

namespace rpc {

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
  parts_.tell_services();
  parts_.loop->After(grace, [this] { Cut(); });
  OnEachShard(
      *parts_.shards, parts_.loop, [](Shard& shard) { shard.Drain(); },
      [this] {
        for (const auto& acceptor : *parts_.acceptors) acceptor->AcceptTheRest();
        parts_.reception->WhenAllEnded([this] {
          all_ended_ = true;
          EndIfDone();
        });
      });
}

void Drain::EndIfDone() {
  if (all_ended_ && !counting_) parts_.ended();
}

void Drain::Cut() {
  if (std::exchange(cut_, true)) return;
  counting_ = true;
  const auto cut = std::make_shared<std::atomic<std::size_t>>(0);
  OnEachShard(
      *parts_.shards, parts_.loop, [cut](Shard& shard) { *cut += shard.Cut(); },
      [this, cut] {
        counting_ = false;
        calls_cut_ = *cut;
        if (calls_cut_ > 0) parts_.events->Cutting(calls_cut_);
        // A client of one shard may have left before the last shard has said so.
        EndIfDone();
      });
  parts_.loop->After(kParting, [this] {
    OnEachShard(
        *parts_.shards, parts_.loop, [](Shard& shard) { shard.EndAll(); }, [] {});
  });
}

}  // namespace rpc
