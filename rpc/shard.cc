// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/shard.h"

#include <utility>

namespace rpc {
namespace {

constexpr std::int64_t kConnectionBytes = 28 * 1024;  // mostly nghttp2's

}  // namespace

// A connection with what it is to the server.
class Shard::Hosted final : public http2::Application {
 public:
  Hosted(Shard* shard, uds::UniqueFd fd, const Methods* methods, std::shared_ptr<Connection> info,
         CallerAccount* account)
      : shard_(*shard),
        methods_(*methods),
        info_(std::move(info)),
        account_(*account),
        http2_(std::make_unique<http2::Connection>(
            shard_.loop_.get(), std::move(fd), &account_.memory, shard_.parts_.settings, this)) {}

  http2::Connection& http2() { return *http2_; }
  std::unique_ptr<http2::Connection> TakeHttp2() { return std::move(http2_); }
  const std::shared_ptr<Connection>& info() const { return info_; }

 private:
  std::unique_ptr<http2::Exchange> Begin(http2::Stream& stream) override {
    return shard_.dispatcher_.Begin(stream, methods_, info_, &account_);
  }
  bool Spoke(http2::Connection& /*connection*/) override {
    shard_.parts_.spoke(info_);
    return true;
  }
  void Ended(http2::Connection& /*connection*/, http2::Ending how) override {
    shard_.Ended(info_->id, how);
  }

  Shard& shard_;
  const Methods& methods_;
  const std::shared_ptr<Connection> info_;
  CallerAccount& account_;
  std::unique_ptr<http2::Connection> http2_;
};

Shard::Shard(std::unique_ptr<http2::Loop> loop, Parts parts)
    : loop_(std::move(loop)),
      parts_(std::move(parts)),
      calls_(loop_.get(), static_cast<std::size_t>(parts_.admission->limits().max_message_bytes),
             parts_.call_hooks),
      dispatcher_(parts_.admission, parts_.all_calls, &calls_) {}

Shard::~Shard() = default;

void Shard::Adopt(uds::UniqueFd fd, const Methods* methods, std::shared_ptr<Connection> connection,
                  Caller* caller) {
  const std::uint64_t id = connection->id;
  auto hosted = std::make_unique<Hosted>(this, std::move(fd), methods, std::move(connection),
                                         caller->accounts[parts_.index].get());
  http2::Connection& http2 = hosted->http2();
  connections_.emplace(id, std::move(hosted));
  http2.Start();
  if (calls_.draining()) http2.Drain();
}

void Shard::End(std::uint64_t id) {
  const auto found = connections_.find(id);
  if (found != connections_.end()) found->second->http2().End();
}

void Shard::Drain(std::uint64_t id) {
  const auto found = connections_.find(id);
  if (found != connections_.end()) found->second->http2().Drain();
}

void Shard::Ended(std::uint64_t id, http2::Ending how) {
  const auto found = connections_.find(id);
  const std::unique_ptr<Hosted> hosted = std::move(found->second);
  connections_.erase(found);
  parts_.ended(hosted->info(), how);
  calls_.trim().Freed(kConnectionBytes);
  loop_->Bury(hosted->TakeHttp2());
}

void Shard::Drain() {
  calls_.Drain();
  for (const auto& [id, hosted] : connections_) hosted->http2().Drain();
}

std::size_t Shard::Cut() {
  const std::size_t cut = calls_.Cut();
  for (const auto& [id, hosted] : connections_) hosted->http2().GoAway();
  return cut;
}

void Shard::EndAll() {
  for (const auto& [id, hosted] : connections_) hosted->http2().End();
}

}  // namespace rpc
