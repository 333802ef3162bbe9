// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Hosts services within a test: on the test's own thread, over socketpairs, with a clock that the
// test sets. No path, no listening socket, no waiting.
//
//   TEST(GreeterTest, Greets) {
//     Greeter greeter;                             // an rpc::Service
//     rpc::TestServer server;
//     server.Add(&greeter);
//     rpc::TestClient ada(&server, {.uid = 1000});
//     const absl::StatusOr<HelloReply> reply =
//         ada.Ask<HelloReply>("/example.Greeter/Hello", request);       // test_client.h
//     ...
//     server.Advance(absl::Seconds(30));           // whatever waits for time goes on
//   }
//
// All but the listener and the accepting is what serves in a program: HTTP/2, limits, admission,
// deadlines, handlers. Of ServerOptions `admit`, `call_hooks` and the limits apply, but for those of the
// number of connections; a test may set smaller ones than a program may. Times of `limits` go by the clock
// of the test. What is not here: several shards or endpoints, health, reflection. These are for tests of
// a program.
//
// Handlers run within Settle(), which all calls below make, until nothing goes on any more. What
// happens on other threads it cannot know of. Give a handler a ThreadPool without threads, and call
// RunNext() and Settle(); or use SettleUntil().
//
// Thread safety: none. Ownership: borrows its services and clients. Services outlive it, and it
// outlives its clients.

#ifndef RPC_TESTING_TEST_SERVER_H_
#define RPC_TESTING_TEST_SERVER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "http2/connection.h"
#include "http2/fake_clock.h"
#include "rpc/admission.h"
#include "rpc/call/connection_info.h"
#include "rpc/call/ended_call.h"
#include "rpc/dispatcher.h"
#include "rpc/server.h"
#include "rpc/service.h"
#include "rpc/shard.h"
#include "uds/peer_credentials.h"
#include "uds/unique_fd.h"

namespace rpc {

class TestServer {
 public:
  // Whatever is at the other end of a connection: test_client.h has one.
  class Client {
   public:
    // Sends what it has to send, and takes what came. False if there was neither.
    virtual bool Move() = 0;

   protected:
    ~Client() = default;
  };

  explicit TestServer(const ServerOptions& options = {});
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  void Add(Service* service);

  // Lets all go on that can, until nothing happens any more.
  void Settle();
  // Moves the clock, and settles.
  void Advance(absl::Duration duration);
  // As Server::After(), by the test's clock: for a service that is given a function to be called later by.
  void After(absl::Duration delay, std::function<void()> work) {
    shard_->loop().After(delay, std::move(work));
  }
  // Settles again and again until `is_so` gives true, for what other threads do. False: it did not
  // within `longest`, of real time.
  [[nodiscard]] bool SettleUntil(const std::function<bool()>& is_so,
                                 absl::Duration longest = absl::Seconds(30));

  // As a server that is told to stop (which calls Service::Drain()), and one whose grace is over. Cut() gives how many calls it cut
  // off.
  void Drain();
  std::size_t Cut();

  http2::FakeClock& clock() { return clock_; }
  // May be set at any time.
  CallHooks& call_hooks() { return options_.call_hooks; }
  // Calls that have no status yet.
  std::int64_t calls_in_flight() { return shard_->calls().in_flight().value(); }

  // --- For clients. ---

  struct End {
    uds::UniqueFd fd;
    std::shared_ptr<const Connection> connection;
  };
  // Connects, with these credentials, and gives the client's end.
  End Connect(const uds::PeerCredentials& peer);
  // The server has not closed it.
  bool is_open(const Connection& connection) const { return open_.contains(connection.id); }

  void Add(Client* client) { clients_.push_back(client); }
  void Remove(Client* client) { std::erase(clients_, client); }

  // --- For tests of rpc/ itself. ---

  // One round of the loop.
  void Turn() { shard_->loop().Turn(absl::ZeroDuration()); }
  Shard& shard() { return *shard_; }
  // What a uid uses, which is kept when its connections are gone.
  Caller* caller(uid_t uid);

 private:
  void Ended(const std::shared_ptr<Connection>& connection);

  ServerOptions options_;
  const http2::Settings settings_;
  http2::FakeClock clock_;
  std::vector<Service*> services_;
  Methods methods_;
  Admission admission_;
  std::vector<const Calls*> all_calls_;
  std::uint64_t last_id_ = 0;
  std::set<std::uint64_t> open_;  // by id
  std::vector<Client*> clients_;
  std::unique_ptr<Shard> shard_;
};

}  // namespace rpc

#endif  // RPC_TESTING_TEST_SERVER_H_
