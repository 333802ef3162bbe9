// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/http2/bed.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "http2/first_bytes.h"

namespace http2 {

Bed::Bed(std::int64_t budget_bytes)
    : loop(Loop::Create({.clock = &clock}).value()),
      budget(budget_bytes),
      account(&budget, &holder),
      site(&clock) {}

void Bed::Turn(int rounds) {
  for (int i = 0; i < rounds; ++i) loop->Turn(absl::ZeroDuration());
}

Link::Link(Bed* bed, Account* account, int send_buffer) : bed_(*bed) {
  int fds[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  if (send_buffer > 0) {
    EXPECT_EQ(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer)), 0);
  }
  peer_ = std::make_unique<Peer>(uds::UniqueFd(fds[1]));
  connection_ = std::make_unique<Connection>(bed_.loop.get(), uds::UniqueFd(fds[0]),
                                             account == nullptr ? &bed_.account : account,
                                             &bed_.settings, &bed_.site);
  connection_->Start();
}

Link::~Link() {
  bed_.site.endings.erase(connection_.get());  // the next one may come to lie there
  bed_.loop->Bury(std::move(connection_));
  bed_.Turn();
}

std::string Greeting() { return absl::StrCat(kPreface, SettingsFrame({}), SettingsAck()); }

void Link::Greet(absl::string_view more) { Send(absl::StrCat(Greeting(), more)); }

void Link::Send(absl::string_view bytes) {
  peer_->Send(bytes);
  Settle();
}

void Link::Settle() { Settle(true); }
void Link::SettleOnce() {
  bed_.Turn();
  while (peer_->Pull()) {
  }
}
void Link::SettleUnread() { Settle(false); }

void Link::Settle(bool reads) {
  // A round in which nothing moves may still be one of work: some more of them.
  constexpr int kQuietRounds = 20;
  for (int quiet = 0; quiet < kQuietRounds; ++quiet) {
    if (peer_->Push()) quiet = 0;
    bed_.Turn();
    while (reads && peer_->Pull()) quiet = 0;
  }
}

std::optional<Ending> Link::ending() const {
  const auto found = bed_.site.endings.find(connection_.get());
  if (found == bed_.site.endings.end()) return std::nullopt;
  return found->second;
}

}  // namespace http2
