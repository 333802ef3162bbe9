// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Connections that are ended so that others find a place, however many come at once: those here
// wait in the backlog before the server accepts the first.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/rpc/hosted_server.h"
#include "tests/support/other_user.h"
#include "tests/support/patience.h"
#include "uds/unique_fd.h"

namespace udsecho::testing {
namespace {

const std::string kHello("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 24 + 9);

using Clients = std::vector<uds::UniqueFd>;

void Connect(const HostedServer& server, uid_t uid, int count, const std::string& says,
             Clients* clients) {
  for (int i = 0; i < count; ++i) {
    clients->push_back(support::ConnectAs(uid, server.path()));
    ASSERT_TRUE(clients->back().valid());
    ASSERT_EQ(send(clients->back().get(), says.data(), says.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(says.size()));
  }
}

bool IsClosed(const uds::UniqueFd& client) {
  pollfd hang_up{.fd = client.get(), .events = 0, .revents = 0};
  return poll(&hang_up, 1, 0) == 1;
}

// Waits until so many are closed: of them all, in their order.
std::string AwaitClosed(const Clients& clients, std::size_t count) {
  const support::Deadline deadline;
  for (;;) {
    std::string closed;
    for (const uds::UniqueFd& client : clients) closed += IsClosed(client) ? 'x' : '-';
    const auto are = std::count(closed.begin(), closed.end(), 'x');
    if (static_cast<std::size_t>(are) == count || deadline.IsOver()) return closed;
    std::this_thread::yield();
  }
}

TEST(EvictionTest, EachThatHasSentNothingMakesRoomForOne) {
  HostedServer server({.limits = {.max_silent_connections = 3}});
  Clients clients;
  Connect(server, getuid(), 10, "", &clients);
  server.Start();
  EXPECT_EQ(AwaitClosed(clients, 7), "xxxxxxx---");
  EXPECT_EQ(server.statistics().connections_silent, 7U);
  EXPECT_EQ(server.statistics().connections_refused, 7U);
}

TEST(EvictionTest, EachIdleOneGivesItsPlaceToOneOfAnotherUid) {
  if (!support::MayBeOthers()) GTEST_SKIP() << support::kNeedsRoot;
  HostedServer server({.limits = {.max_connections = 8, .max_connections_per_uid = 6}});
  ASSERT_EQ(chmod(server.path().c_str(), 0666), 0);
  ASSERT_EQ(chmod(std::filesystem::path(server.path()).parent_path().c_str(), 0755), 0);
  Clients clients;
  Connect(server, 20001, 6, kHello, &clients);
  Connect(server, 20002, 6, kHello, &clients);
  server.Start();
  // Six and two are all: two more come in the place of one each, and then both uids have four.
  EXPECT_EQ(AwaitClosed(clients, 4), "xx--------xx");
  EXPECT_EQ(server.statistics().connections_refused, 2U);
}

}  // namespace
}  // namespace udsecho::testing
