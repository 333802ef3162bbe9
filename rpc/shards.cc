// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/shards.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

namespace rpc {
namespace {

// For never, which is gRPC's default, there is no argument: it copies and sorts them all, several
// times, for every connection.
void SetUnlessNever(const char* argument, absl::Duration duration, grpc::ServerBuilder* builder) {
  const std::int64_t milliseconds = absl::ToInt64Milliseconds(duration);
  constexpr std::int64_t kNever = std::numeric_limits<int>::max();
  if (milliseconds < kNever) builder->AddChannelArgument(argument, static_cast<int>(milliseconds));
}

// Of a stream whose handler says that more follows, gRPC keeps so much back, where nobody counts
// it. 64 KiB, its default, takes 8 % less CPU a message.
constexpr int kBufferedBytes = 8 * 1024;

// What gRPC itself keeps. It holds back a client that heard its SETTINGS; who has not is refused
// by rpc/users.h.
void SetLimits(const Limits& limits, grpc::ServerBuilder* builder) {
  // Call::Take() measures messages, when gRPC would: once they are there. gRPC does so in a filter,
  // and that takes an eighth of what a connection costs.
  builder->SetMaxReceiveMessageSize(-1);
  builder->AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);  // see encoding.h
  builder->AddChannelArgument(GRPC_ARG_HTTP2_WRITE_BUFFER_SIZE, kBufferedBytes);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.CallsPerUid());
  SetUnlessNever(GRPC_ARG_MAX_CONNECTION_IDLE_MS, limits.max_connection_idle, builder);
  SetUnlessNever(GRPC_ARG_MAX_CONNECTION_AGE_MS, limits.max_connection_age, builder);
  SetUnlessNever(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, limits.max_connection_age_grace, builder);
}

// What calls `then` when it is called for the `count`th time, from any thread.
std::function<void()> AtTheLast(std::size_t count, std::function<void()> then) {
  auto left = std::make_shared<std::atomic<std::size_t>>(count);
  return [left = std::move(left), then = std::move(then)] {
    if (--*left == 0) then();
  };
}

}  // namespace

Shards::Shards(const Parts& parts)
    : parts_(parts), users_(parts.limits, static_cast<std::size_t>(parts.count)) {
  GPR_ASSERT(parts_.count > 0 && "somebody has to poll");
  for (int i = 0; i < parts_.count; ++i) {
    One& one = *all_.emplace_back(std::make_unique<One>());
    SetLimits(parts_.limits, &one.builder);
    one.builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);  // tools/bench/levers.md
    one.shard =
        std::make_unique<Shard>(one.builder.AddCompletionQueue(), parts_.busy_poll, &users_);
    one.hosts = std::make_unique<Hosts>(&one.builder, parts_.services, one.shard.get());
  }
}

Shards::~Shards() = default;

void Shards::PollApart() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): gRPC has not started, so that nobody else reads it
  setenv("GRPC_POLL_STRATEGY", "poll", /*replace=*/0);
}

absl::Status Shards::Build() {
  for (const auto& one : all_) {
    ShareOut(one.get());
    if (!one->hosts->Start()) {
      return absl::InternalError(
          "gRPC would not start; its own log says why (GRPC_VERBOSITY=debug)");
    }
  }
  return absl::OkStatus();
}

void Shards::Start() {
  for (const auto& one : all_) one->shard->Start();
}

void Shards::Stop() {
  for (const auto& one : all_) one->shard->Stop();
}

std::size_t Shards::Freest() const {
  const auto fewest = [](const auto& a, const auto& b) { return a->connections < b->connections; };
  return static_cast<std::size_t>(std::min_element(all_.begin(), all_.end(), fewest) -
                                  all_.begin());
}

// A uid's share of the memory changes with who is connected, wherever that is.
void Shards::ShareOut(One* here) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::int64_t share = users_.Share() / parts_.count;
  here->hosts->Share(share);
  if (share_.exchange(share) == share) return;
  for (const auto& one : all_) {
    if (one.get() == here) continue;
    // What it is by then: another may have changed it, and posted, or set its own.
    one->shard->Post([this, one = one.get()] { one->hosts->Share(share_); });
  }
}

void Shards::Adopt(std::shared_ptr<Connection> connection) {
  connection->shard = Freest();
  One* const one = all_[connection->shard].get();
  ++one->connections;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    connections_.emplace(connection->id, connection);
  }
  one->shard->Post([this, one, connection = std::move(connection)] {
    connection->account = users_.Join(*connection, connection->shard);
    ShareOut(one);
    one->shard->connections().Insert(connection);
    one->hosts->Adopt(connection->account, connection->fd);
  });
}

void Shards::Forget(std::shared_ptr<Connection> connection) {
  One* const one = all_[connection->shard].get();
  --one->connections;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    connections_.erase(connection->id);
  }
  one->shard->Post([this, one, connection = std::move(connection)] {
    one->shard->connections().Remove(*connection);
    users_.Leave(connection->account);
    one->hosts->Forget(connection->account);
    ShareOut(one);
  });
}

void Shards::OnEach(const std::function<void(Shard&)>& work, std::function<void()> then) {
  const auto done = AtTheLast(all_.size(), std::move(then));
  for (const auto& one : all_) {
    one->shard->Post([shard = one->shard.get(), work, done] {
      work(*shard);
      done();
    });
  }
}

void Shards::WhenIdle(std::function<void()> then) {
  const auto idle = AtTheLast(all_.size(), std::move(then));
  for (const auto& one : all_) {
    one->shard->Post([shard = one->shard.get(), idle] { shard->WhenIdle(idle); });
  }
}

void Shards::ShutDownGrpc(std::function<void()> ended) {
  const auto done = AtTheLast(all_.size(), std::move(ended));
  for (const auto& one : all_) {
    one->shard->Post([hosts = one->hosts.get(), done] { hosts->ShutDown(done); });
  }
}

std::vector<std::shared_ptr<const Connection>> Shards::Connections() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::shared_ptr<const Connection>> all;
  all.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  return all;
}

std::size_t Shards::calls_in_flight() const {
  std::int64_t sum = 0;
  for (const auto& one : all_) sum += one->shard->calls_in_flight();
  return static_cast<std::size_t>(sum);
}

}  // namespace rpc
