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
// The end: health becomes NOT_SERVING. New connections are refused; those in the backlog are still
// accepted. Clients are told to go away (GOAWAY), and calls in flight may go on until the grace is
// over. Calls that are left then are cut off: their callers get UNAVAILABLE, and the connections
// are ended. The path is removed last.
//
// A server drains as well once other servers have taken over the paths of all its sockets
// (uds::ClaimOptions::take_over): a new one begins before the old one ends, and no call is lost.
//
// More than one socket: AddEndpoint(). Within an event loop that is the program's own: Start() instead
// of Run(), then Turn() whenever poll_fd() is readable, until ended():
//
//   absl::Status started = server.Start(*std::move(listener), signals.fd());
//   loop.OnReadable(*server.poll_fd(), [&] { server.Turn(); if (server.ended()) loop.Quit(); });
//   loop.Run();
//   rpc::DrainResult result = server.Finish();
//
// Handlers run on the thread in Run() or Turn(), or, with ServerOptions::shards, on further ones too: all
// calls of a connection on the same. Services are then called on all of these.
//
// Thread safety: Stop(), statistics(), Connections(), calls_in_flight(), memory_held(), After(), AskThreads(),
// Readmit() and health() may be called from any thread, Stop() from a signal handler too; all else
// from the owner's. Functions that are given to it must not block or throw.
// Ownership: borrows its services and events, which outlive Run(), or Finish().

#ifndef RPC_SERVER_H_
#define RPC_SERVER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "http2/connection.h"
#include "rpc/admission.h"
#include "rpc/call/ended_call.h"
#include "rpc/connection_list.h"
#include "rpc/endpoint.h"
#include "rpc/limits.h"
#include "rpc/server_events.h"
#include "rpc/service.h"
#include "rpc/shard.h"
#include "rpc/statistics.h"
#include "uds/listener.h"
#include "uds/peer_credentials.h"
#include "uds/unique_fd.h"

namespace rpc {

struct ServerOptions {
  // How long calls in flight may go on once a stop was asked for; 0 cuts them off immediately. With
  // what a cut takes, and a handler that blocks (a second at the most), a server ends before Docker
  // kills it, which is 10 s after SIGTERM. Kubernetes waits for 30 s.
  absl::Duration grace = absl::Seconds(8);

  Limits limits = {};

  // How many threads handle calls, from 1. Each has a share of the connections. More than one pays
  // if one is always busy and the clients leave cores for more.
  int shards = 1;

  // Whether Start() raises the process's limit on descriptors (RLIMIT_NOFILE) to the hard one, as far as
  // the default limits of connections reckon with. Not for a program that uses select(2).
  bool raise_descriptor_limit = true;

  // How long to look for the next event before sleeping, where that has paid recently
  // (http2/busy_poll.h); 0: never.
  absl::Duration busy_poll = absl::Microseconds(50);

  // Whether the peer of a new connection may call at the socket of Run(): see EndpointOptions.
  std::function<absl::Status(const uds::PeerCredentials&)> admit = nullptr;

  // What is called before and after each call, if anything (call/ended_call.h).
  CallHooks call_hooks = {};
};

struct DrainResult {
  // In flight when the grace was over, or stop was asked for again.
  std::size_t calls_cut = 0;

  // Why a listener's path could not be given up (uds::Listener::Release()), the first that could not;
  // OK if all were.
  absl::Status path_given_up = absl::OkStatus();
};

class Server {
 public:
  explicit Server(const ServerOptions& options = {}, ServerEvents* events = nullptr);
  ~Server();

  // What is served at the socket of Run(): see rpc/endpoint.h. Before Run().
  void Add(Service* service) { main_.Add(service); }
  void Describe(const google::protobuf::FileDescriptor* file) { main_.Describe(file); }
  Health& health() { return main_.health(); }

  // One more socket, with services of its own. Before Run().
  Endpoint& AddEndpoint(uds::Listener listener, EndpointOptions options = {});

  Statistics statistics() const;
  // Those that have begun HTTP/2, the oldest first.
  std::vector<std::shared_ptr<const Connection>> Connections() const { return connections_.All(); }
  std::size_t calls_in_flight() const;
  // What connections, requests and responses hold of Limits::max_memory_bytes, in bytes.
  std::int64_t memory_held() const { return admission_.memory_held(); }
  // "/package.Service/Method" of all that is served, at all sockets.
  std::vector<std::string> MethodPaths() const;

  // Serves until stopped, and returns once everything has ended. Each time `stop_fd` (none if -1)
  // is readable, up to 128 bytes (one record of a signalfd) are read and count as one Stop(), except
  // within half a second of the first one: two signals so close together are one wish. Call at most
  // once. INVALID_ARGUMENT when the limits make no sense; RESOURCE_EXHAUSTED when there are
  // not enough descriptors or threads.
  absl::StatusOr<DrainResult> Run(uds::Listener listener, int stop_fd = -1);

  // For another event loop: the first part of Run(), with its errors. Connections wait until Turn().
  // The server must be turned until it has ended, by the thread that called this; if its destructor
  // comes before, calls are cut off without a status.
  absl::Status Start(uds::Listener listener, int stop_fd = -1);
  // Readable when Turn() has something to do. It stays the server's, for as long as that lives.
  // RESOURCE_EXHAUSTED when no descriptor can be had.
  absl::StatusOr<int> poll_fd();
  // Does what there is to do, and does not wait. Should be called again within a second of poll_fd()
  // getting readable: after a Stop(), the server takes a thread that is later than that for stuck
  // (ServerEvents::Stuck).
  void Turn();
  bool ended() const;
  // Once it has ended.
  DrainResult Finish();

  // Calls `ready` on the thread in Run() whenever `fd` is readable, until the server has ended: for
  // SIGHUP (a SignalDescriptor), a file that is watched, a timer of the program's own. `ready` reads it
  // empty, or is called again. Before Run(); the descriptor outlives it. An error: the kernel cannot
  // watch it.
  absl::Status OnReadable(int fd, std::function<void()> ready);

  // Runs `work` on the thread in Run() after `delay`, unless the server has ended by then. May be called
  // before Run(). It cannot be taken back: let `work` look whether it is still wanted.
  void After(absl::Duration delay, std::function<void()> work);

  // Asks `admit` of each socket again about the peers of its open connections. Where OK has become a
  // refusal, or a refusal OK, the client is told to leave (GOAWAY): its calls in flight go on, and when it connects
  // again, the new answer holds. Any thread.
  void Readmit();

  // Calls `answered`, on the thread in Run(), once each thread on which handlers run has responded:
  // so none of them is stuck.
  void AskThreads(std::function<void()> answered);

  // The first call asks for a drain, the next one, however soon, cuts it short. May be called before
  // Run(), which then drains at once.
  void Stop();

  // Likewise, with `grace` for the calls in flight instead of ServerOptions'; 0 and less: none.
  void Stop(absl::Duration grace);

 private:
  absl::Status MakeShards();
  void TellServices();
  absl::Duration grace() const { return absl::Nanoseconds(grace_.load()); }
  void OnFirstThread(int from_shard, std::function<void()> work);

  struct Running;
  class OwnWatch;

  const ServerOptions options_;
  ServerEvents no_events_;
  ServerEvents* const events_;
  Endpoint main_;
  std::vector<std::unique_ptr<Endpoint>> more_;
  std::vector<uds::Listener> listeners_;  // of more_, until Run()
  const uds::UniqueFd stop_;              // an eventfd that counts Stop()s
  std::atomic<std::int64_t> grace_;       // in nanoseconds
  Admission admission_;
  ConnectionList connections_;
  const http2::Settings settings_;
  std::vector<const Calls*> all_calls_;
  std::vector<std::unique_ptr<Shard>> shards_;
  const absl::Status shards_made_;
  std::vector<std::unique_ptr<OwnWatch>> own_watches_;
  std::unique_ptr<Running> running_;  // from Start() on
};

}  // namespace rpc

#endif  // RPC_SERVER_H_
