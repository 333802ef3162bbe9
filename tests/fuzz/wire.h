// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A connection of http2/ whose handlers do what the input says, and its client's end of a socketpair.
//
//   Wire wire(&choices);                     // limits, clock and handlers by the input's first bytes
//   wire.peer().Send(bytes);
//   wire.Turn();
//   wire.End();                              // and checks that nothing is left behind
//
// Thread safety: none. Ownership: owns all but the input.

#ifndef TESTS_FUZZ_WIRE_H_
#define TESTS_FUZZ_WIRE_H_

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "http2/connection.h"
#include "http2/fake_clock.h"
#include "http2/loop.h"
#include "tests/fuzz/handlers.h"
#include "tests/fuzz/input.h"
#include "tests/http2/peer.h"

namespace udsecho::fuzz {

class Wire {
 public:
  explicit Wire(Input* choices)
      : budget_bytes_(60'000 + 5'000 * static_cast<std::int64_t>(choices->Byte())),
        budget_(budget_bytes_),
        handlers_(choices, &clock_) {
    settings_.max_streams = 1 + choices->Below(20);
    settings_.streams_above_max = choices->Below(3);
    settings_.max_header_bytes = 200 + 20 * choices->Byte();
    const unsigned options = choices->Byte();
    if ((options & 1) != 0) settings_.max_idle = absl::Seconds(60);
    if ((options & 2) != 0) settings_.max_age = absl::Seconds(100);
    if ((options & 4) != 0) settings_.max_age_grace = absl::Seconds(10);
    if ((options & 8) != 0) settings_.min_ping_interval = absl::Seconds(1);
    settings_.pings_when_idle = (options & 16) == 0;
    settings_.stream_window_bytes = (options & 32) != 0 ? 65'535 : 100'000;

    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    const int small = 2048;
    if ((options & 64) != 0) setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    peer_ = std::make_unique<http2::Peer>(uds::UniqueFd(fds[1]));
    connection_ = std::make_unique<http2::Connection>(loop_.get(), uds::UniqueFd(fds[0]), &account_,
                                                      &settings_, &handlers_);
    connection_->Start();
  }

  http2::Peer& peer() { return *peer_; }
  http2::FakeClock& clock() { return clock_; }
  // Null once it has ended.
  http2::Connection* connection() { return ended() ? nullptr : connection_.get(); }
  bool ended() const { return handlers_.ending.has_value(); }

  // Moves what the client sends, and has a round of the loop.
  void Turn() {
    peer_->Push();
    loop_->Turn(absl::ZeroDuration());
    EXPECT_LE(account_.held(), budget_bytes_);
  }
  void Pull(std::size_t most) { peer_->Pull(most); }

  void End() {
    // All that can still happen by itself does.
    for (int i = 0; i < 20 && !ended(); ++i) {
      Turn();
      peer_->Pull();
    }
    peer_->Leave();
    for (int i = 0; i < 200 && !ended(); ++i) Turn();
    EXPECT_TRUE(ended());
    loop_->Bury(std::move(connection_));
    loop_->Turn(absl::ZeroDuration());
    EXPECT_EQ(account_.held(), 0);
    EXPECT_EQ(holder_.bytes, 0);
    EXPECT_EQ(handlers_.begun, handlers_.done);
    for (std::uint32_t id = 1; id < 600; id += 2) {
      EXPECT_EQ(peer_->response(id).after_the_end, 0) << id;
    }
  }

 private:
  http2::FakeClock clock_;
  std::unique_ptr<http2::Loop> loop_ = http2::Loop::Create({.clock = &clock_}).value();
  const std::int64_t budget_bytes_;
  http2::MemoryBudget budget_;
  http2::MemoryBudget::Holder holder_;
  http2::Account account_{&budget_, &holder_};
  http2::Settings settings_;
  Handlers handlers_;
  std::unique_ptr<http2::Peer> peer_;
  std::unique_ptr<http2::Connection> connection_;
};

}  // namespace udsecho::fuzz

#endif  // TESTS_FUZZ_WIRE_H_
