// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// GOAWAY, sent past gRPC: a client is told to go away while its calls are still taken.
//
// gRPC's own way, Server::Shutdown(), kills every call that arrives from that moment until the
// client has heard of it, and the client sees CANCELLED for a call that nobody cancelled: under
// load that was every call in flight (14 to 32 of 32, measured). HTTP/2 means it otherwise: a
// GOAWAY with the highest stream number first, then what is already on its way is served (RFC
// 9113, 6.8). That first GOAWAY is what we send; a client then opens no more streams here, finishes
// those that it has, and leaves.
//
// A frame of ours must not land inside one of gRPC's. It cannot: what gRPC puts into a socket in
// parts is a message or a status that is too long for it, and while one of those is under way
// nothing is sent here; those that would begin meanwhile are held until ours is out. All else of
// gRPC's is far below the size that a Unix socket takes whole or not at all.
//
// Thread safety: none; on the polling thread of the connection's shard.

#ifndef RPC_GOAWAY_H_
#define RPC_GOAWAY_H_

#include "rpc/connection.h"

namespace rpc {

// Sends it if that can be done now: call it again, every few milliseconds, until goaway_sent. While
// a write is under way, others of the connection are held, for some 50 ms at most.
void GoAway(Connection* connection);

}  // namespace rpc

#endif  // RPC_GOAWAY_H_
