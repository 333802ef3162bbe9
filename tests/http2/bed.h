// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server's connection and its client, on one thread, with a clock of their own.
//
//   Bed bed;
//   Link link(&bed);                       // bed.settings as they are now
//   link.Greet();                          // preface, SETTINGS, its ACK
//   link.Send(GetFrame(1, "/hello"));      // and turns the loop until all is quiet
//   EXPECT_EQ(link.peer().response(1).body, "hello");
//   bed.clock.Advance(absl::Seconds(10));
//   link.Settle();
//
// Thread safety: none. Ownership: a link borrows its bed.

#ifndef TESTS_HTTP2_BED_H_
#define TESTS_HTTP2_BED_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "http2/connection.h"
#include "http2/fake_clock.h"
#include "http2/loop.h"
#include "tests/http2/peer.h"
#include "tests/http2/site.h"

namespace http2 {

struct Bed {
  explicit Bed(std::int64_t budget_bytes = std::int64_t{1} << 30);

  // Rounds of the loop, which wait for nothing.
  void Turn(int rounds = 1);

  FakeClock clock;
  std::unique_ptr<Loop> loop;
  MemoryBudget budget;
  MemoryBudget::Holder holder;
  Account account;
  http2::Settings settings;
  Site site;
};

class Link {
 public:
  // `send_buffer`: of the server's socket, in bytes; 0: the system's own.
  explicit Link(Bed* bed, Account* account = nullptr, int send_buffer = 0);
  ~Link();

  Peer& peer() { return *peer_; }
  Connection& connection() { return *connection_; }

  // What every client begins with; `more` comes with its SETTINGS.
  void Greet(absl::string_view more = "");

  // Sends, and settles.
  void Send(absl::string_view bytes);

  // Turns the loop and moves the client's bytes until nothing comes any more.
  void Settle();
  // One round, and what comes of it.
  void SettleOnce();
  // Until all is quiet, but the client reads nothing.
  void SettleUnread();

  const Response& response(std::uint32_t stream) { return peer_->response(stream); }
  // How the connection ended; nullopt while it has not.
  std::optional<Ending> ending() const;

 private:
  void Settle(bool reads);

  Bed& bed_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<Connection> connection_;
};

// What Greet() sends.
std::string Greeting();

}  // namespace http2

#endif  // TESTS_HTTP2_BED_H_
