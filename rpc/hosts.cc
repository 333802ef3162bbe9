// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/hosts.h"

#include <grpc/support/log.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "grpcpp/impl/server_builder_option.h"
#include "grpcpp/impl/server_builder_plugin.h"
#include "grpcpp/impl/server_initializer.h"
#include "grpcpp/server_posix.h"

namespace rpc {
namespace {

using Registrations = std::vector<std::shared_ptr<Registration>>;

// Gives a server that is being built its registrations. ServerBuilder::RegisterService() would give
// the same ones to each server, and gRPC takes them only once.
class Registrar final : public grpc::ServerBuilderPlugin {
 public:
  explicit Registrar(const Registrations* registrations) : registrations_(*registrations) {}

  std::string name() override { return "rpc::Registrar"; }
  void InitServer(grpc::ServerInitializer* initializer) override {
    for (const auto& registration : registrations_) initializer->RegisterService(registration);
  }
  void Finish(grpc::ServerInitializer* /*initializer*/) override {}
  void ChangeArguments(const std::string& /*name*/, void* /*value*/) override {}
  bool has_async_methods() const override { return true; }

 private:
  const Registrations& registrations_;
};

// How a plugin comes into one builder, and not into all of the process.
class WithRegistrar final : public grpc::ServerBuilderOption {
 public:
  explicit WithRegistrar(const Registrations* registrations) : registrations_(registrations) {}

  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    if (std::exchange(added_, true)) return;  // the builder keeps it for the next server
    plugins->push_back(std::make_unique<Registrar>(registrations_));
  }

 private:
  const Registrations* const registrations_;
  bool added_ = false;
};

}  // namespace

Hosts::Hosts(grpc::ServerBuilder* builder, const std::vector<Service*>* services, Shard* shard)
    : builder_(builder), services_(services), shard_(shard) {
  builder_->SetOption(std::make_unique<WithRegistrar>(&registrations_));
}

Hosts::~Hosts() {
  if (shutdown_.joinable()) shutdown_.join();
}

bool Hosts::NewHost() {
  auto host = std::make_unique<Host>();
  if (share_ > 0) host->quota.Resize(static_cast<std::size_t>(share_));
  builder_->SetResourceQuota(host->quota);
  registrations_.clear();
  for (const Service* service : *services_) registrations_.push_back(service->Register());
  host->server = builder_->BuildAndStart();
  if (host->server == nullptr) return false;
  for (std::size_t i = 0; i < services_->size(); ++i) {
    registrations_[i]->Start(host->server->c_server());
    (*services_)[i]->Listen(registrations_[i].get(), shard_);
  }
  hosts_.push_back(std::move(host));
  return true;
}

Hosts::Host* Hosts::HostOf(const Account* account) {
  Host*& host = by_account_[account];
  if (host != nullptr) return host;
  const auto fewest = [](const auto& a, const auto& b) { return a->connections < b->connections; };
  host = std::min_element(hosts_.begin(), hosts_.end(), fewest)->get();
  if (host->connections > 0 && hosts_.size() < kMaxHosts) {
    // Nothing makes it fail that the first one did not meet: it listens on nothing.
    GPR_ASSERT(NewHost());
    host = hosts_.back().get();
  }
  return host;
}

void Hosts::Adopt(const Account* account, int fd) {
  if (shutdown_.joinable()) {
    close(fd);
    return;
  }
  Host* host = HostOf(account);
  ++host->connections;
  grpc::AddInsecureChannelFromFd(host->server.get(), fd);
}

void Hosts::Forget(const Account* account) {
  const auto found = by_account_.find(account);
  if (found == by_account_.end()) return;  // it came after ShutDown()
  --found->second->connections;
  if (account->connections == 0) by_account_.erase(found);
}

void Hosts::Share(std::int64_t bytes) {
  if (std::exchange(share_, bytes) == bytes) return;
  for (const auto& host : hosts_) host->quota.Resize(static_cast<std::size_t>(bytes));
}

void Hosts::ShutDown(std::function<void()> ended) {
  shutdown_ = std::thread([this, ended = std::move(ended)] {
    // grpc::Server::Shutdown() returns when the last connection of that server has gone.
    std::vector<std::thread> threads;
    threads.reserve(hosts_.size());
    for (const auto& host : hosts_) threads.emplace_back([&host] { host->server->Shutdown(); });
    for (std::thread& thread : threads) thread.join();
    ended();
  });
}

}  // namespace rpc
