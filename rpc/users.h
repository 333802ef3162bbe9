// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who is connected, and what each uid has of the server: its calls in flight and the bytes that
// these hold. What one uid may have is bounded, so that it costs the others nothing.
//
//   Users users(limits, &statistics);
//   User* user = users.Join(connection);               // a connection came
//   if (!users.CallBegan(user)) connection->End();     // a call came
//   const grpc::Status refusal = users.Admit(*connection);
//   if (refusal.ok()) { ...; users.CallOver(user); }
//   users.CallEnded(user);
//   if (!users.Hold(user, bytes)) { ...too much... }
//   users.Leave(user);                                 // the connection has ended
//
// All who may not call at all (ServerOptions::admit) are one user here: what they have together
// is no more than what one uid may have.
//
// Thread safety: none; belongs to a shard's polling thread.
// Ownership: owns the users. A uid that was seen once is kept: calls outlive their connection, and
// whoever reconnects must find the same count. The number of a machine's uids bounds them.

#ifndef RPC_USERS_H_
#define RPC_USERS_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "grpcpp/support/status.h"
#include "rpc/connection.h"
#include "rpc/limits.h"
#include "rpc/statistics.h"

namespace rpc {

// What a uid has.
struct User {
  explicit User(uid_t its_uid) : uid(its_uid) {}

  const uid_t uid;
  int connections = 0;
  int calls = 0;           // in flight, without those that were refused
  int alive = 0;           // all that have begun and of which anything is left
  std::int64_t bytes = 0;  // of the messages of these
};

class Users {
 public:
  // A uid that has fewer calls in flight is served although max_calls are taken by others.
  static constexpr int kAlwaysServed = 8;

  // Of a uid's calls so many may be alive: a client may cancel all that it has and make as many
  // again before the first have ended. One that resets its calls and goes on making others, or
  // reads no refusal and goes on calling, comes to this: its connection had better end, as each
  // call takes kCallBytes, and gRPC queues without a bound those that we have
  // not yet looked at.
  int MaxAlive() const { return 2 * limits_.CallsPerUid() + 16; }

  Users(const Limits& limits, Statistics* statistics) : limits_(limits), statistics_(*statistics) {}

  // The user of a connection that begins.
  User* Join(const Connection& connection);
  void Leave(User* user);

  // How many have a connection.
  std::size_t connected() const { return connected_; }

  // A call has begun, also one that will be refused. False when too many of the user's are alive.
  [[nodiscard]] bool CallBegan(User* user);
  // Counts it as in flight, unless it is to be refused: then the status to send.
  grpc::Status Admit(const Connection& connection);
  void CountRefusal(const grpc::Status& status);
  // The caller of a call in flight has its status, or has left: it may make another.
  void CallOver(User* user);
  // Nothing is left of the call.
  void CallEnded(User* user) { --user->alive; }

  // Counts bytes of messages that a call keeps in memory; false, and nothing is counted, if that
  // is more than the uid's share. What is held whatever happens is only counted.
  bool Hold(User* user, std::int64_t bytes);
  void HoldAnyway(User* user, std::int64_t bytes) { user->bytes += bytes; }
  void Release(User* user, std::int64_t bytes) { user->bytes -= bytes; }

  // Of the memory, in bytes, what the messages of a uid may take, and again what is on its way to
  // become one (rpc/hosts.h): half of the whole is for each, and is divided among those who are
  // connected.
  std::int64_t Share() const;

  const Limits& limits() const { return limits_; }
  Statistics& statistics() { return statistics_; }

 private:
  const Limits limits_;
  Statistics& statistics_;
  std::unordered_map<uid_t, std::unique_ptr<User>> users_;
  User denied_{static_cast<uid_t>(-1)};  // which is nobody's
  std::size_t connected_ = 0;
  int calls_ = 0;
};

}  // namespace rpc

#endif  // RPC_USERS_H_
