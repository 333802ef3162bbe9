// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/testing/test_server.h"

#include <sys/socket.h>

#include <utility>

#include "absl/time/clock.h"
#include "rpc/check.h"
#include "rpc/http2_settings.h"

namespace rpc {

TestServer::TestServer(const ServerOptions& options)
    : options_(options), settings_(SettingsOf(options.limits)), admission_(options.limits, 1) {
  auto loop = http2::Loop::Create({.clock = &clock_});
  RPC_CHECK(loop.ok(), "there is no descriptor for a loop");
  shard_ = std::make_unique<Shard>(
      *std::move(loop),
      Shard::Parts{.index = 0,
                   .settings = &settings_,
                   .admission = &admission_,
                   .all_calls = &all_calls_,
                   .call_hooks = &options_.call_hooks,
                   .spoke = [](const auto&) {},
                   .ended = [this](const auto& connection, http2::Ending) { Ended(connection); }});
  all_calls_.push_back(&shard_->calls());
}

TestServer::~TestServer() = default;

void TestServer::Add(Service* service) {
  services_.push_back(service);
  for (const Service::Path& one : service->methods()) methods_[one.path] = one.method.get();
}

Caller* TestServer::caller(uid_t uid) {
  Caller* const caller = admission_.Connected(uid);
  admission_.Disconnected(uid);
  return caller;
}

TestServer::End TestServer::Connect(const uds::PeerCredentials& peer) {
  int fds[2];
  RPC_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0,
            "there are no descriptors for a socketpair");
  auto connection = std::make_shared<Connection>();
  connection->id = ++last_id_;
  connection->since = absl::Now();
  connection->peer = peer;
  if (options_.admit != nullptr) connection->admission = options_.admit(connection->peer);
  open_.insert(connection->id);
  const uid_t uid = connection->admission.ok() ? connection->peer.uid : Admission::kDenied;
  shard_->Adopt(uds::UniqueFd(fds[0]), &methods_, connection, caller(uid));
  return {.fd = uds::UniqueFd(fds[1]), .connection = std::move(connection)};
}

void TestServer::Ended(const std::shared_ptr<Connection>& connection) {
  open_.erase(connection->id);
}

void TestServer::Settle() {
  // A round in which nothing moves may still be one of work: some more of them.
  constexpr int kQuietRounds = 20;
  for (int quiet = 0; quiet < kQuietRounds; ++quiet) {
    for (Client* const client : clients_) {
      if (client->Move()) quiet = 0;
    }
    Turn();
  }
}

void TestServer::Advance(absl::Duration duration) {
  clock_.Advance(duration);
  Settle();
}

bool TestServer::SettleUntil(const std::function<bool()>& is_so, absl::Duration longest) {
  const absl::Time end = absl::Now() + longest;
  for (;;) {
    Settle();
    if (is_so()) return true;
    if (absl::Now() > end) return false;
    shard_->loop().Turn(absl::Milliseconds(10));  // until a thread posts something, or not so long
  }
}

void TestServer::Drain() {
  for (Service* const service : services_) service->Drain();
  shard_->Drain();
  Settle();
}

std::size_t TestServer::Cut() {
  const std::size_t cut = shard_->Cut();
  Settle();
  return cut;
}

}  // namespace rpc
