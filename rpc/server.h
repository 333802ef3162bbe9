// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A gRPC server on a Unix socket: it serves until it is asked to stop, then drains.
//
//   int main() {
//     rpc::StopSignals signals;                      // before any thread starts
//     Greeter greeter;                               // an rpc::Service
//     rpc::Server server;
//     server.Add(&greeter);
//     const auto address = uds::Address::Parse("/tmp/greeter");
//     auto listener = uds::Listener::Open(*address);
//     ...
//     return server.Run(*std::move(listener), signals.fd()).ok() ? 0 : 1;
//   }
//
// Health and reflection are served beside what is added.
//
// The end: health becomes NOT_SERVING; nobody is accepted any more, but those in the backlog are;
// the clients are told to go away (GOAWAY) while calls in flight go on for as long as the grace
// lasts. What is left then is cut off: UNAVAILABLE for the caller, and the connection ended. The
// path is removed last.
//
// Handlers run on one thread, or, with ServerOptions::shards, on several: all calls of a connection
// on the same. Services are then called on all of these.
//
// Thread safety: Stop() may be called from any thread, all else from the owner's. Run() keeps that
// thread for accepting and for the ends of connections; handlers run on others.
// Ownership: borrows its services and events, which outlive it.

#ifndef RPC_SERVER_H_
#define RPC_SERVER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/event_loop.h"
#include "rpc/health.h"
#include "rpc/limits.h"
#include "rpc/reflection.h"
#include "rpc/self_call.h"
#include "rpc/server_events.h"
#include "rpc/service.h"
#include "rpc/shards.h"
#include "rpc/statistics.h"
#include "uds/listener.h"
#include "uds/peer_credentials.h"
#include "uds/unique_fd.h"

namespace rpc {

struct ServerOptions {
  // How long calls in flight may go on once a stop was asked for. From 0, which cuts at once.
  absl::Duration grace = absl::Seconds(10);

  Limits limits = {};

  // How many threads handle calls, from 1: each has a share of the connections. More than one pays
  // where one is kept busy, the clients leave cores for more, and each has some hundreds of
  // connections at most (shards.h).
  int shards = 1;

  // How long to look for the next event before sleeping until it comes, where that has paid of late
  // (busy_poll.h); 0 is never.
  absl::Duration busy_poll = absl::Microseconds(50);

  // Whether whoever connected may call: asked once a connection, on the thread in Run(). A status
  // other than OK is what all of its calls are answered with, and reaches no handler. Unset: all
  // may.
  std::function<absl::Status(const uds::PeerCredentials&)> admit = nullptr;

  // Whether health waits with SERVING until a call of the server's to itself, over its own socket,
  // was answered; until then it is NOT_SERVING. The call takes a connection of this process, which
  // counts like any other for as long as it lasts: some milliseconds after Serving().
  bool call_itself = false;
};

struct DrainResult {
  std::size_t calls_cut =
      0;  // that were in flight when the grace was over, or stop was asked again
};

class Server {
 public:
  explicit Server(const ServerOptions& options = {}, ServerEvents* events = nullptr);
  ~Server();

  void Add(Service* service);

  Health& health() { return health_; }

  Statistics statistics() const;

  // --- For handlers, and whoever else is there while Run() runs. ---

  // By age.
  std::vector<std::shared_ptr<const Connection>> Connections() const {
    return shards_->Connections();
  }
  std::size_t calls_in_flight() const { return shards_->calls_in_flight(); }

  // Serves until stopped, and returns once everything has ended. Each time `stop_fd` (none if -1)
  // is readable, up to 128 bytes (one record of a signalfd) are read and count as one Stop().
  // INTERNAL when gRPC cannot start, RESOURCE_EXHAUSTED when there are not enough descriptors. Once
  // a server.
  absl::StatusOr<DrainResult> Run(uds::Listener listener, int stop_fd = -1);

  // Run `work` after `delay`, unless the server has ended by then: on a thread on which handlers
  // run, always the same, for any thread to ask for; or on the thread in Run(), for ServerEvents
  // to ask for.
  void AfterOnPollingThread(absl::Duration delay, std::function<void()> work);
  void AfterOnAcceptingThread(absl::Duration delay, std::function<void()> work);

  // Calls `answered`, on one of them, when all threads on which handlers run have come by.
  void AskPollingThreads(std::function<void()> answered);

  // The first asks for a drain, the next cuts it short. Also before Run(), which then drains at
  // once.
  void Stop();

  // Likewise, with `grace` for the calls in flight instead of ServerOptions'. From 0.
  void Stop(absl::Duration grace);

 private:
  void CallItself(const uds::Address& address);

  const ServerOptions options_;
  ServerEvents no_events_;
  ServerEvents* const events_;
  std::vector<Service*> services_;
  std::vector<std::string> names_;  // of services_, for reflection
  ConnectionCounters counters_;
  Health health_;
  Reflection<ReflectionV1> reflection_{&names_};
  Reflection<ReflectionV1Alpha> reflection_alpha_{&names_};
  const uds::UniqueFd stop_;         // an eventfd that counts Stop()s
  std::atomic<std::int64_t> grace_;  // in nanoseconds
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Shards> shards_;
  std::unique_ptr<SelfCall> self_call_;
};

}  // namespace rpc

#endif  // RPC_SERVER_H_
