// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Runs work for every shard, on that shard's thread.
//
//   rpc::OnEachShard(shards, loop, [](Shard& shard) { ... }, [] { ...all have done it... });
//
// Thread safety: call it on the thread of `loop`, the first shard's, where the work is done at
// once. `then` is called on that thread too, when all have done theirs.

#ifndef RPC_ON_EACH_SHARD_H_
#define RPC_ON_EACH_SHARD_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "rpc/shard.h"

namespace rpc {

inline void OnEachShard(const std::vector<std::unique_ptr<Shard>>& shards, http2::Loop* loop,
                        const std::function<void(Shard&)>& work, std::function<void()> then) {
  const auto left = std::make_shared<std::size_t>(shards.size());
  const auto done = [left, then = std::move(then)] {
    if (--*left == 0) then();
  };
  for (const auto& shard : shards) {
    if (&shard->loop() == loop) {
      work(*shard);
      done();
      continue;
    }
    shard->loop().Post([shard = shard.get(), loop, work, done] {
      work(*shard);
      loop->Post(done);
    });
  }
}

}  // namespace rpc

#endif  // RPC_ON_EACH_SHARD_H_
