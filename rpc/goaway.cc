// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/goaway.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace rpc {
namespace {

constexpr std::array<unsigned char, 17> kFrame = {
    0,    0,    8,           // bytes of payload
    7,                       // GOAWAY
    0,                       // no flags
    0,    0,    0,    0,     // of the connection, not of a stream
    0x7f, 0xff, 0xff, 0xff,  // streams up to this one are served: all
    0,    0,    0,    0,     // no error
};

}  // namespace

void GoAway(Connection* connection) {
  if (connection->goaway_sent) return;
  connection->goaway_due = connection->writes_under_way > 0;
  if (connection->goaway_due) return;
  // A full socket takes it later; of one that is gone nothing more is to be had.
  connection->goaway_sent = send(connection->socket.get(), kFrame.data(), kFrame.size(),
                                 MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
                            errno != EAGAIN;
  for (const auto& begin : std::exchange(connection->held_writes, {})) begin();
}

}  // namespace rpc
