// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/server.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "rpc/acceptor.h"
#include "rpc/drain.h"

namespace rpc {
namespace {

uds::UniqueFd NewStopCounter() {
  uds::UniqueFd counter(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE));
  GPR_ASSERT(counter.valid() && "no descriptor for a server to be stopped by");
  return counter;
}

// A send that meets a full socket makes gRPC start a thread that polls for up to 10 s, and its last
// shutdown in a process waits for that thread: long after the drain, with nothing left to wait for.
// So gRPC is never shut down, which costs nothing to a process that is about to end.
void NeverShutGrpcDown() {
  static const bool kHeld = [] {
    grpc_init();
    return true;
  }();
  static_cast<void>(kHeld);
}

// Calls `stop` for each record that can be read from `fd`.
absl::Status WatchForStop(EventLoop* loop, int fd, std::function<void()> stop) {
  return loop->Watch(fd, EPOLLIN, [loop, fd, stop = std::move(stop)] {
    std::array<char, 128> record;
    const ssize_t count = read(fd, record.data(), record.size());
    if (count > 0) stop();
    if (count == 0) loop->Unwatch(fd);  // the other end of a pipe has gone: nothing will come
  });
}

Health::ServingStatus StatusAtStart(const ServerOptions& options) {
  return options.call_itself ? Health::Response::NOT_SERVING : Health::Response::SERVING;
}

}  // namespace

Server::Server(const ServerOptions& options, ServerEvents* events)
    : options_(options),
      events_(events != nullptr ? events : &no_events_),
      stop_(NewStopCounter()),
      grace_(absl::ToInt64Nanoseconds(options.grace)) {
  if (options_.shards > 1) Shards::PollApart();
  NeverShutGrpcDown();
  shards_ = std::make_unique<Shards>(Shards::Parts{.count = options_.shards,
                                                   .limits = options_.limits,
                                                   .busy_poll = options_.busy_poll,
                                                   .services = &services_});
  Add(&health_);
  Add(&reflection_);
  Add(&reflection_alpha_);
  health_.Set("", StatusAtStart(options_));
}

Server::~Server() = default;

void Server::Add(Service* service) {
  services_.push_back(service);
  names_.push_back(service->full_name());
  health_.Set(service->full_name(), StatusAtStart(options_));
}

void Server::Stop() { eventfd_write(stop_.get(), 1); }

void Server::Stop(absl::Duration grace) {
  grace_ = absl::ToInt64Nanoseconds(grace);
  Stop();
}

void Server::AfterOnPollingThread(absl::Duration delay, std::function<void()> work) {
  Shard& shard = shards_->first();
  shard.Post([&shard, delay, work = std::move(work)] { shard.After(delay, work); });
}

void Server::AfterOnAcceptingThread(absl::Duration delay, std::function<void()> work) {
  loop_->After(delay, std::move(work));
}

void Server::AskPollingThreads(std::function<void()> answered) {
  shards_->OnEach([](Shard&) {}, std::move(answered));
}

Statistics Server::statistics() const {
  Statistics sum;
  counters_.AddTo(&sum);
  shards_->AddTo(&sum);
  return sum;
}

void Server::CallItself(const uds::Address& address) {
  SelfCall::Told told = {.answered =
                             [this] {
                               health_.Set("", Health::Response::SERVING);
                               for (const std::string& name : names_)
                                 health_.Set(name, Health::Response::SERVING);
                             },
                         .failed =
                             [this](const absl::Status& why) {
                               loop_->Post([this, why] { events_->SelfCallFailed(why); });
                             }};
  self_call_ = std::make_unique<SelfCall>(&shards_->first(), address, std::move(told));
  shards_->first().Post([this] { self_call_->Start(); });
}

absl::StatusOr<DrainResult> Server::Run(uds::Listener listener, int stop_fd) {
  GPR_ASSERT(loop_ == nullptr && "a server runs once");
  const uds::Address address = listener.address();
  absl::StatusOr<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  if (!loop.ok()) return loop.status();
  loop_ = *std::move(loop);
  // All that can fail comes first, before there is a thread or a call to look after.
  Acceptor acceptor(std::move(listener),
                    {.loop = loop_.get(),
                     .events = events_,
                     .counters = &counters_,
                     .limits = options_.limits,
                     .admit = options_.admit,
                     .adopt = [this](auto one) { shards_->Adopt(std::move(one)); },
                     .forget = [this](auto one) { shards_->Forget(std::move(one)); },
                     .ask = [this](auto beat) { AskPollingThreads(std::move(beat)); }});
  std::unique_ptr<Drain> drain;
  const auto stop = [this, &drain] { drain->Stop(absl::Nanoseconds(grace_.load())); };
  absl::Status status = acceptor.Start();
  if (status.ok()) status = WatchForStop(loop_.get(), stop_.get(), stop);
  if (status.ok() && stop_fd >= 0) status = WatchForStop(loop_.get(), stop_fd, stop);
  if (status.ok()) status = shards_->Build();
  if (!status.ok()) return status;

  drain = std::make_unique<Drain>(Drain::Parts{.loop = loop_.get(),
                                               .acceptor = &acceptor,
                                               .shards = shards_.get(),
                                               .events = events_,
                                               .tell_services = [this] {
                                                 if (self_call_ != nullptr) self_call_->Cancel();
                                                 for (Service* service : services_)
                                                   service->Drain();
                                               }});
  shards_->Start();
  events_->Serving();
  if (options_.call_itself) CallItself(address);
  loop_->Run();
  shards_->Stop();
  return DrainResult{.calls_cut = drain->calls_cut()};
}

}  // namespace rpc
