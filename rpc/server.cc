// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/server.h"

#include <pthread.h>
#include <sys/eventfd.h>

#include <thread>
#include <utility>

#include "rpc/acceptor.h"
#include "rpc/check.h"
#include "rpc/drain.h"
#include "rpc/http2_settings.h"
#include "rpc/on_each_shard.h"
#include "rpc/start_thread.h"
#include "rpc/watchdog.h"

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
  ~Threads() {
    for (Shard* shard : shards_) shard->loop().Post([shard] { shard->loop().Quit(); });
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::vector<Shard*> shards_;
  std::vector<std::thread> threads_;
};

}  // namespace

Server::Server(const ServerOptions& options, ServerEvents* events)
    : options_(options),
      events_(events != nullptr ? events : &no_events_),
      stop_(NewStopCounter()),
      grace_(absl::ToInt64Nanoseconds(options.grace)),
      admission_(options.limits, static_cast<std::size_t>(options.shards)),
      settings_(SettingsOf(options.limits)),
      shards_made_(MakeShards()) {
  Add(&health_);
  Add(&reflection_);
  Add(&reflection_alpha_);
  health_.Set("", Health::Response::SERVING);
}

Server::~Server() = default;

absl::Status Server::MakeShards() {
  RPC_CHECK(options_.shards > 0, "a server needs a thread");
  if (!stop_.valid()) {
    return absl::ResourceExhaustedError(
        "there is no descriptor to stop the server by; raise `ulimit -n`");
  }
  for (int i = 0; i < options_.shards; ++i) {
    auto loop = http2::Loop::Create({.busy_poll = options_.busy_poll});
    if (!loop.ok()) return loop.status();
    shards_.push_back(std::make_unique<Shard>(
        *std::move(loop),
        Shard::Parts{.index = static_cast<std::size_t>(i),
                     .settings = &settings_,
                     .methods = &methods_,
                     .admission = &admission_,
                     .all_calls = &all_calls_,
                     .call_hooks = &options_.call_hooks,
                     .spoke =
                         [this, i](const auto& connection) {
                           // At once: its first call may ask for the list.
                           connections_.Add(connection);
                           OnFirstThread(i, [this, connection] { acceptor_->Spoke(connection); });
                         },
                     .ended =
                         [this, i](const auto& connection, http2::Ending how) {
                           OnFirstThread(
                               i, [this, connection, how] { acceptor_->Ended(connection, how); });
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

void Server::Add(Service* service) {
  services_.push_back(service);
  names_.push_back(service->full_name());
  for (const Service::Path& one : service->methods()) methods_[one.path] = one.method.get();
  health_.Set(service->full_name(), Health::Response::SERVING);
}

void Server::Stop() { eventfd_write(stop_.get(), 1); }

void Server::Stop(absl::Duration grace) {
  grace_ = absl::ToInt64Nanoseconds(grace);
  Stop();
}

void Server::After(absl::Duration delay, std::function<void()> work) {
  http2::Loop& loop = shards_.front()->loop();
  loop.Post([&loop, delay, work = std::move(work)] { loop.After(delay, work); });
}

void Server::Readmit() {
  shards_.front()->loop().Post([this] { acceptor_->Readmit(); });
}

void Server::AskThreads(std::function<void()> answered) {
  http2::Loop* const loop = &shards_.front()->loop();
  loop->Post([this, loop, answered = std::move(answered)] {
    OnEachShard(
        shards_, loop, [](Shard&) {}, answered);
  });
}

Statistics Server::statistics() const {
  Statistics sum = {.connections_accepted = connections_.accepted.value(),
                    .connections_refused = connections_.refused.value(),
                    .connections_silent = connections_.silent.value(),
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

std::size_t Server::calls_in_flight() const {
  std::int64_t sum = 0;
  for (const Calls* calls : all_calls_) sum += calls->in_flight().value();
  return static_cast<std::size_t>(sum);
}

absl::StatusOr<DrainResult> Server::Run(uds::Listener listener, int stop_fd) {
  RPC_CHECK(acceptor_ == nullptr, "a server runs once");
  // All that can fail comes first, before there is a thread or a call to look after.
  absl::Status status = options_.limits.Check();
  status.Update(shards_made_);
  if (!status.ok()) return status;
  http2::Loop& loop = shards_.front()->loop();
  Acceptor acceptor(std::move(listener), {.loop = &loop,
                                          .events = events_,
                                          .admission = &admission_,
                                          .connections = &connections_,
                                          .shards = &shards_,
                                          .admit = options_.admit});
  acceptor_ = &acceptor;
  status = acceptor.Start();
  if (!status.ok()) return status;

  Drain drain({.loop = &loop,
               .acceptor = &acceptor,
               .shards = &shards_,
               .events = events_,
               .tell_services =
                   [this] {
                     for (Service* service : services_) service->Drain();
                   },
               .ended = [&loop] { loop.Quit(); }});
  const auto grace = [this] { return absl::Nanoseconds(grace_.load()); };
  Watchdog watchdog({.stop_fd = stop_fd,
                     .stop_counter = stop_.get(),
                     .stop = [&] { loop.Post([&] { drain.Stop(grace()); }); },
                     .grace = grace,
                     .stuck =
                         [&] {
                           acceptor.GiveUpPath().IgnoreError();
                           events_->Stuck();
                         }});
  status = watchdog.Start();
  if (!status.ok()) return status;
  {
    Threads threads;
    for (std::size_t i = 1; i < shards_.size(); ++i) {
      status = threads.Start(shards_[i].get());
      if (!status.ok()) return status;
    }
    events_->Serving();
    loop.Run();
    watchdog.Finish();
  }
  return DrainResult{.calls_cut = drain.calls_cut(), .path_given_up = acceptor.GiveUpPath()};
}

}  // namespace rpc
