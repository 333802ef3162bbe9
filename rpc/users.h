// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who is connected, and what each uid has of the server: its calls in flight and the bytes that
// these hold. What one uid may have is bounded, so that it costs the others nothing.
//
//   Users users(limits, /*shards=*/1);
//   Account* account = users.Join(connection, /*shard=*/0);    // a connection came
//   if (!users.CallBegan(account)) connection->End();          // a call came
//   const grpc::Status refusal = users.Admit(*connection);
//   if (refusal.ok()) { ...; users.CallOver(account); }
//   users.CallEnded(account);
//   if (!users.Hold(account, bytes)) { ...too much... }
//   users.Leave(account);                                      // the connection has ended
//
// All who may not call at all (ServerOptions::admit) are one user here: what they have together
// is no more than what one uid may have.
//
// A user has an account in each shard, which is the only one to write it, and what the user has is
// the sum. Two shards that look at the same moment may both let something in that is the last: a
// limit holds to within one call, or the bytes of one message, for each further shard.
//
// Thread safety: an account belongs to the polling thread of its shard, and so do the methods that
// take one, or a connection; the others are for any thread.
// Ownership: owns the users. A uid that was seen once is kept: calls outlive their connection, and
// whoever reconnects must find the same count. The number of a machine's uids bounds them.

#ifndef RPC_USERS_H_
#define RPC_USERS_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "grpcpp/support/status.h"
#include "rpc/connection.h"
#include "rpc/counter.h"
#include "rpc/limits.h"
#include "rpc/statistics.h"

namespace rpc {

struct User;

// Of two shards no one's writing makes the other's core wait: each has cache lines of its own.
inline constexpr std::size_t kCacheLine = 64;

// What all users have in one shard.
struct alignas(kCacheLine) ShardAccount {
  CallCounters counters;
  Gauge calls;  // in flight, without those that were refused
};

// What a uid has in one shard.
struct alignas(kCacheLine) Account {
  User* user = nullptr;
  ShardAccount* all = nullptr;
  int connections = 0;
  Gauge calls;  // in flight, without those that were refused
  Gauge alive;  // all that have begun and of which anything is left
  Gauge bytes;  // of the messages of these
};

struct User {
  User(uid_t its_uid, std::vector<ShardAccount>* shards);

  const uid_t uid;
  std::vector<Account> accounts;  // by shard
  int connections = 0;            // Users guards it

  std::int64_t calls() const { return Sum(&Account::calls); }
  std::int64_t alive() const { return Sum(&Account::alive); }
  std::int64_t bytes() const { return Sum(&Account::bytes); }

 private:
  std::int64_t Sum(Gauge Account::*of) const {
    std::int64_t sum = 0;
    for (const Account& account : accounts) sum += (account.*of).value();
    return sum;
  }
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

  Users(const Limits& limits, std::size_t shards);

  // The account of a connection that begins.
  Account* Join(const Connection& connection, std::size_t shard);
  void Leave(Account* account);

  // How many have a connection.
  std::size_t connected() const { return connected_; }

  // A call has begun, also one that will be refused. False when too many of the user's are alive.
  [[nodiscard]] bool CallBegan(Account* account);
  // Counts it as in flight, unless it is to be refused: then the status to send.
  grpc::Status Admit(const Connection& connection);
  static void CountRefusal(Account* account, const grpc::Status& status);
  // The caller of a call in flight has its status, or has left: it may make another.
  static void CallOver(Account* account);
  // Nothing is left of the call.
  static void CallEnded(Account* account) { account->alive.Add(-1); }

  // Counts bytes of messages that a call keeps in memory; false, and nothing is counted, if that
  // is more than the uid's share. What is held whatever happens is only counted.
  bool Hold(Account* account, std::int64_t bytes);
  static void HoldAnyway(Account* account, std::int64_t bytes) { account->bytes.Add(bytes); }
  static void Release(Account* account, std::int64_t bytes) { account->bytes.Add(-bytes); }

  // Of the memory, in bytes, what the messages of a uid may take, and again what is on its way to
  // become one (rpc/hosts.h): half of the whole is for each, and is divided among those who are
  // connected.
  std::int64_t Share() const;

  const Limits& limits() const { return limits_; }

  // Of calls, in all shards.
  void AddTo(Statistics* sum) const;

 private:
  std::int64_t CallsInFlight() const;

  const Limits limits_;
  std::vector<ShardAccount> shards_;
  std::atomic<std::size_t> connected_ = 0;

  std::mutex mutex_;
  std::unordered_map<uid_t, std::unique_ptr<User>> users_;  // guarded by mutex_
  User denied_;                                             // all who may not call; likewise
};

}  // namespace rpc

#endif  // RPC_USERS_H_
