// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/server.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/acceptor.h"
#include "rpc/check.h"
#include "rpc/drain.h"
#include "rpc/http2_settings.h"
#include "rpc/on_each_shard.h"
#include "rpc/reception.h"
#include "rpc/start_thread.h"
#include "rpc/watchdog.h"
#include "uds/descriptor_limit.h"

namespace rpc {
namespace {

uds::UniqueFd NewStopCounter() {
  return uds::UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE));
}

// The further shards' threads, which run until their loops are told to quit.
class Threads {
 public:
  absl::Status Start(Shard* shard) {
    std::thread thread;
    absl::Status started = StartThread(
        [shard] {
          pthread_setname_np(pthread_self(), "rpc-shard");  // for `top -H`, gdb and the like
          shard->loop().Run();
        },
        &thread);
    if (!started.ok()) return started;
    shards_.push_back(shard);
    threads_.push_back(std::move(thread));
    return started;
  }
  ~Threads() { Join(); }
  void Join() {
    for (Shard* shard : shards_) shard->loop().Post([shard] { shard->loop().Quit(); });
    for (std::thread& thread : threads_) thread.join();
    shards_.clear();
    threads_.clear();
  }

 private:
  std::vector<Shard*> shards_;
  std::vector<std::thread> threads_;
};

}  // namespace

// A descriptor of the program's own.
class Server::OwnWatch final : public http2::Loop::Watcher {
 public:
  explicit OwnWatch(std::function<void()> ready) : ready_(std::move(ready)) {}

 private:
  void Ready(std::uint32_t /*events*/) override { ready_(); }

  const std::function<void()> ready_;
};

// What there is while the server runs, in the order in which it ends.
struct Server::Running {
  Running(Server* server, int stop_fd);

  absl::Status Accept(uds::Listener listener, const Endpoint& endpoint);
  absl::Status Publish();
  void StopIfTakenOver();
  // Of all; the first status that is not OK.
  absl::Status GiveUpPaths();

  Server& server;
  http2::Loop& loop;
  bool ended = false;
  Reception reception;
  std::vector<std::unique_ptr<Acceptor>> acceptors;
  Drain drain;
  Watchdog watchdog;
  Threads threads;
};

Server::Running::Running(Server* server, int stop_fd)
    : server(*server),
      loop(server->shards_.front()->loop()),
      reception({.loop = &loop,
                 .events = server->events_,
                 .admission = &server->admission_,
                 .connections = &server->connections_,
                 .shards = &server->shards_}),
      drain({.loop = &loop,
             .acceptors = &acceptors,
             .reception = &reception,
             .shards = &server->shards_,
             .events = server->events_,
             .tell_services = [server] { server->TellServices(); },
             .ended = [this] { ended = true; }}),
      watchdog({.stop_fd = stop_fd,
                .stop_counter = server->stop_.get(),
                .stop = [this] { loop.Post([this] { drain.Stop(this->server.grace()); }); },
                .grace = [server] { return server->grace(); },
                .stuck =
                    [this] {
                      GiveUpPaths().IgnoreError();
                      this->server.events_->Stuck();
                    }}) {}

absl::Status Server::Running::Accept(uds::Listener listener, const Endpoint& endpoint) {
  acceptors.push_back(std::make_unique<Acceptor>(
      std::move(listener), Acceptor::Parts{.loop = &loop,
                                           .events = server.events_,
                                           .reception = &reception,
                                           .endpoint = &endpoint,
                                           .taken_over = [this] { StopIfTakenOver(); }}));
  return acceptors.back()->Start();
}

absl::Status Server::Running::Publish() {
  for (const auto& acceptor : acceptors) {
    if (absl::Status status = acceptor->Publish(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void Server::Running::StopIfTakenOver() {
  const bool all = std::all_of(acceptors.begin(), acceptors.end(),
                               [](const auto& acceptor) { return acceptor->is_taken_over(); });
  if (all) server.Stop();
}

absl::Status Server::Running::GiveUpPaths() {
  absl::Status status;
  for (const auto& acceptor : acceptors) status.Update(acceptor->GiveUpPath());
  return status;
}

Server::Server(const ServerOptions& options, ServerEvents* events)
    : options_(options),
      events_(events != nullptr ? events : &no_events_),
      main_({.admit = options.admit}, 0),
      stop_(NewStopCounter()),
      grace_(absl::ToInt64Nanoseconds(options.grace)),
      admission_(options.limits, static_cast<std::size_t>(std::max(options.shards, 1))),
      settings_(SettingsOf(options.limits)),
      shards_made_(MakeShards()) {}

Server::~Server() = default;

absl::Status Server::MakeShards() {
  if (options_.shards < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("ServerOptions::shards is ", options_.shards, ", and must be at least 1"));
  }
  if (!stop_.valid()) {
    return absl::ResourceExhaustedError(
        "there is no descriptor to stop the server by; raise `ulimit -n`");
  }
  for (int i = 0; i < options_.shards; ++i) {
    auto loop = http2::Loop::Create({.busy_poll = options_.busy_poll});
    if (!loop.ok()) return loop.status();
    shards_.push_back(std::make_unique<Shard>(
        *std::move(loop), Shard::Parts{.index = static_cast<std::size_t>(i),
                                       .settings = &settings_,
                                       .admission = &admission_,
                                       .all_calls = &all_calls_,
                                       .call_hooks = &options_.call_hooks,
                                       .spoke =
                                           [this, i](const auto& connection) {
                                             // At once: its first call may ask for the list.
                                             connections_.Add(connection);
                                             OnFirstThread(i, [this, connection] {
                                               running_->reception.Spoke(connection);
                                             });
                                           },
                                       .ended =
                                           [this, i](const auto& connection, http2::Ending how) {
                                             OnFirstThread(i, [this, connection, how] {
                                               running_->reception.Ended(connection, how);
                                             });
                                           }}));
    all_calls_.push_back(&shards_.back()->calls());
  }
  return absl::OkStatus();
}

void Server::OnFirstThread(int from_shard, std::function<void()> work) {
  if (from_shard == 0) {
    work();
  } else {
    shards_.front()->loop().Post(std::move(work));
  }
}

Endpoint& Server::AddEndpoint(uds::Listener listener, EndpointOptions options) {
  RPC_CHECK(running_ == nullptr, "an endpoint is added before the server runs");
  listeners_.push_back(std::move(listener));
  more_.push_back(
      std::make_unique<Endpoint>(std::move(options), static_cast<int>(listeners_.size())));
  return *more_.back();
}

void Server::TellServices() {
  std::vector<Endpoint*> endpoints = {&main_};
  for (const auto& endpoint : more_) endpoints.push_back(endpoint.get());
  // Health says so before anything ends. A service at several sockets is told once.
  std::set<Service*> told;
  for (Endpoint* endpoint : endpoints) {
    told.insert(&endpoint->health());
    endpoint->health().Drain();
  }
  for (Endpoint* endpoint : endpoints) {
    for (Service* service : endpoint->services()) {
      if (told.insert(service).second) service->Drain();
    }
  }
}

void Server::Stop() { eventfd_write(stop_.get(), 1); }

void Server::Stop(absl::Duration grace) {
  grace_ = absl::ToInt64Nanoseconds(grace);
  Stop();
}

absl::Status Server::OnReadable(int fd, std::function<void()> ready) {
  RPC_CHECK(running_ == nullptr, "a descriptor is added before the server runs");
  if (!shards_made_.ok()) return shards_made_;
  own_watches_.push_back(std::make_unique<OwnWatch>(std::move(ready)));
  return shards_.front()->loop().Watch(fd, EPOLLIN, own_watches_.back().get());
}

void Server::After(absl::Duration delay, std::function<void()> work) {
  if (!shards_made_.ok()) return;  // Run() says why
  http2::Loop& loop = shards_.front()->loop();
  loop.Post([&loop, delay, work = std::move(work)] { loop.After(delay, work); });
}

void Server::Readmit() {
  if (!shards_made_.ok()) return;
  shards_.front()->loop().Post([this] {
    if (running_ != nullptr) running_->reception.Readmit();
  });
}

void Server::AskThreads(std::function<void()> answered) {
  if (!shards_made_.ok()) return;
  http2::Loop* const loop = &shards_.front()->loop();
  loop->Post([this, loop, answered = std::move(answered)] {
    OnEachShard(
        shards_, loop, [](Shard&) {}, answered);
  });
}

Statistics Server::statistics() const {
  // Each refusal is counted once; the sum has the silent ones too.
  const std::uint64_t silent = connections_.silent.value();
  Statistics sum = {.connections_accepted = connections_.accepted.value(),
                    .connections_refused = connections_.refused.value() + silent,
                    .connections_silent = silent,
                    .connections_unread = connections_.unread.value(),
                    .connections_flooded = connections_.flooded.value()};
  for (const Calls* calls : all_calls_) {
    const CallCounters& counters = calls->counters();
    sum.calls_begun += counters.begun.value();
    sum.calls_refused += counters.refused.value();
    sum.calls_denied += counters.denied.value();
    sum.bytes_received += counters.bytes_received.value();
    sum.bytes_sent += counters.bytes_sent.value();
  }
  return sum;
}

std::vector<std::string> Server::MethodPaths() const {
  std::set<std::string> paths;
  for (const auto& [path, method] : main_.methods()) paths.insert(path);
  for (const auto& endpoint : more_) {
    for (const auto& [path, method] : endpoint->methods()) paths.insert(path);
  }
  return {paths.begin(), paths.end()};
}

std::size_t Server::calls_in_flight() const {
  std::int64_t sum = 0;
  for (const Calls* calls : all_calls_) sum += calls->in_flight().value();
  return static_cast<std::size_t>(sum);
}

absl::Status Server::Start(uds::Listener listener, int stop_fd) {
  RPC_CHECK(running_ == nullptr, "a server runs once");
  // All that can fail comes first, before there is a thread or a call to look after.
  absl::Status status = options_.limits.Check();
  status.Update(shards_made_);
  if (!status.ok()) return status;
  if (options_.raise_descriptor_limit) uds::RaiseDescriptorLimit();
  running_ = std::make_unique<Running>(this, stop_fd);
  status = running_->Accept(std::move(listener), main_);
  for (std::size_t i = 0; i < more_.size(); ++i) {
    status.Update(running_->Accept(std::move(listeners_[i]), *more_[i]));
  }
  listeners_.clear();
  if (status.ok()) status = running_->watchdog.Start();
  for (std::size_t i = 1; status.ok() && i < shards_.size(); ++i) {
    status = running_->threads.Start(shards_[i].get());
  }
  // Last, as other servers may lose their paths by it.
  if (status.ok()) status = running_->Publish();
  if (!status.ok()) {
    running_.reset();  // which gives up the paths
    return status;
  }
  events_->Serving();
  return status;
}

absl::StatusOr<int> Server::poll_fd() {
  if (!shards_made_.ok()) return shards_made_;
  return shards_.front()->loop().PollFd();
}

void Server::Turn() { shards_.front()->loop().Turn(absl::ZeroDuration()); }

bool Server::ended() const { return running_ != nullptr && running_->ended; }

DrainResult Server::Finish() {
  RPC_CHECK(ended(), "it has not ended yet");
  running_->watchdog.Finish();
  running_->threads.Join();
  return DrainResult{.calls_cut = running_->drain.calls_cut(),
                     .path_given_up = running_->GiveUpPaths()};
}

absl::StatusOr<DrainResult> Server::Run(uds::Listener listener, int stop_fd) {
  if (absl::Status started = Start(std::move(listener), stop_fd); !started.ok()) return started;
  while (!ended()) shards_.front()->loop().Turn(absl::InfiniteDuration());
  return Finish();
}

}  // namespace rpc
