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
#include <limits>
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

Health::ServingStatus StatusAtStart(const ServerOptions& options) {
  return options.call_itself ? Health::Response::NOT_SERVING : Health::Response::SERVING;
}

}  // namespace

Server::Server(const ServerOptions& options, ServerEvents* events)
    : options_(options),
      events_(events != nullptr ? events : &no_events_),
      stop_(NewStopCounter()),
      grace_(absl::ToInt64Nanoseconds(options.grace)) {
  NeverShutGrpcDown();
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
  shard_->Post([this, delay, work = std::move(work)] { shard_->After(delay, work); });
}

void Server::AfterOnAcceptingThread(absl::Duration delay, std::function<void()> work) {
  loop_->After(delay, std::move(work));
}

absl::Status Server::Build() {
  SetLimits(options_.limits, &builder_);
  builder_.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);  // tools/bench/levers.md
  shard_ = std::make_unique<Shard>(builder_.AddCompletionQueue(), options_.limits,
                                   options_.busy_poll, &statistics_);
  hosts_ = std::make_unique<Hosts>(&builder_, &services_, shard_.get());
  hosts_->Share(shard_->users().Share());
  if (hosts_->Start()) return absl::OkStatus();
  return absl::InternalError("gRPC would not start; its own log says why (GRPC_VERBOSITY=debug)");
}

void Server::Adopt(std::shared_ptr<Connection> connection) {
  shard_->Post([this, connection = std::move(connection)] {
    connection->user = shard_->users().Join(*connection);
    hosts_->Share(shard_->users().Share());
    shard_->connections().Insert(connection);
    hosts_->Adopt(connection->user, connection->fd);
  });
}

void Server::Forget(std::shared_ptr<Connection> connection) {
  shard_->Post([this, connection = std::move(connection)] {
    shard_->connections().Remove(*connection);
    shard_->users().Leave(connection->user);
    hosts_->Forget(connection->user);
    hosts_->Share(shard_->users().Share());
  });
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
  self_call_ = std::make_unique<SelfCall>(shard_.get(), address, std::move(told));
  shard_->Post([this] { self_call_->Start(); });
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
                     .statistics = &statistics_,
                     .limits = options_.limits,
                     .admit = options_.admit,
                     .adopt = [this](auto connection) { Adopt(std::move(connection)); },
                     .forget = [this](auto connection) { Forget(std::move(connection)); },
                     .ask = [this](auto beat) { shard_->Post(std::move(beat)); }});
  std::unique_ptr<Drain> drain;
  const auto stop = [this, &drain] { drain->Stop(absl::Nanoseconds(grace_.load())); };
  absl::Status status = acceptor.Start();
  if (status.ok()) status = WatchForStop(loop_.get(), stop_.get(), stop);
  if (status.ok() && stop_fd >= 0) status = WatchForStop(loop_.get(), stop_fd, stop);
  if (status.ok()) status = Build();
  if (!status.ok()) return status;

  drain = std::make_unique<Drain>(Drain::Parts{.loop = loop_.get(),
                                               .acceptor = &acceptor,
                                               .shard = shard_.get(),
                                               .hosts = hosts_.get(),
                                               .events = events_,
                                               .tell_services = [this] {
                                                 if (self_call_ != nullptr) self_call_->Cancel();
                                                 for (Service* service : services_)
                                                   service->Drain();
                                               }});
  shard_->Start();
  events_->Serving();
  if (options_.call_itself) CallItself(address);
  loop_->Run();
  shard_->Stop();
  return DrainResult{.calls_cut = drain->calls_cut()};
}

}  // namespace rpc
