// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/goaway.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"

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

// A connection's first frame is gRPC's SETTINGS, sent when it was adopted. Not by our GOAWAY before
// it.
constexpr absl::Duration kYoung = absl::Milliseconds(10);

// Tries with a write under way, which come every 2 ms (drain.cc). A client that read all that is in
// the socket, again and again, while gRPC puts no more in: then what is under way waits for the
// client's flow control, as a whole, and not for room in the socket. After more tries nothing is
// held any longer and GOAWAY is left to gRPC.
constexpr int kQuietTries = 10;
constexpr int kTries = 25;

bool IsEmpty(const uds::UniqueFd& socket) {
  int unsent = 0;
  return ioctl(socket.get(), SIOCOUTQ, &unsent) == 0 && unsent == 0;
}

// Whether a frame of ours can be sent now.
bool IsBetweenFrames(Connection* connection) {
  if (connection->writes_under_way == 0) return true;
  ++connection->goaway_tries;
  connection->goaway_quiet_tries =
      IsEmpty(connection->socket) ? connection->goaway_quiet_tries + 1 : 0;
  return connection->goaway_quiet_tries >= kQuietTries;
}

void ReleaseWrites(Connection* connection) {
  connection->goaway_due = false;
  for (const auto& begin : std::exchange(connection->held_writes, {})) begin();
}

}  // namespace

void GoAway(Connection* connection) {
  if (connection->goaway_sent || absl::Now() - connection->since < kYoung) return;
  if (!IsBetweenFrames(connection)) {
    connection->goaway_due = true;
    if (connection->goaway_tries < kTries) return;
    connection->goaway_sent = true;
    return ReleaseWrites(connection);
  }
  // A full socket takes it later; of one that is gone nothing more is to be had.
  connection->goaway_sent = send(connection->socket.get(), kFrame.data(), kFrame.size(),
                                 MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
                            errno != EAGAIN;
  ReleaseWrites(connection);
}

}  // namespace rpc
