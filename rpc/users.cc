// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/users.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "rpc/places.h"
#include "rpc/status.h"

namespace rpc {

User::User(uid_t its_uid, std::vector<ShardAccount>* shards)
    : uid(its_uid), accounts(shards->size()) {
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    accounts[i].user = this;
    accounts[i].all = &(*shards)[i];
  }
}

Users::Users(const Limits& limits, std::size_t shards)
    : limits_(limits), shards_(shards), denied_(static_cast<uid_t>(-1), &shards_) {}

Account* Users::Join(const Connection& connection, std::size_t shard) {
  const std::lock_guard<std::mutex> lock(mutex_);
  User* user = &denied_;
  if (connection.place != Places::kDenied) {
    std::unique_ptr<User>& known = users_[connection.peer.uid];
    if (known == nullptr) known = std::make_unique<User>(connection.peer.uid, &shards_);
    user = known.get();
  }
  if (user->connections++ == 0) ++connected_;
  Account* const account = &user->accounts[shard];
  ++account->connections;
  return account;
}

void Users::Leave(Account* account) {
  const std::lock_guard<std::mutex> lock(mutex_);
  --account->connections;
  if (--account->user->connections == 0) --connected_;
}

bool Users::CallBegan(Account* account) {
  account->all->counters.begun.Add(1);
  account->alive.Add(1);
  return account->user->alive() <= MaxAlive();
}

grpc::Status Users::Admit(const Connection& connection) {
  if (!connection.admission.ok()) return ToGrpcStatus(connection.admission);
  const User& user = *connection.account->user;
  const std::int64_t calls = user.calls();
  if (calls >= limits_.CallsPerUid() || user.alive() > MaxAlive()) {
    return {grpc::StatusCode::RESOURCE_EXHAUSTED,
            absl::StrCat("uid ", user.uid, " has ", calls,
                         " calls in flight, and the limit for one uid is ", limits_.CallsPerUid(),
                         "; finish some, or have --max_calls_per_uid raised")};
  }
  const std::int64_t all = CallsInFlight();
  if (all >= limits_.max_calls && calls >= kAlwaysServed) {
    return {grpc::StatusCode::RESOURCE_EXHAUSTED,
            absl::StrCat("the server has ", all,
                         " calls in flight, which is its limit; retry later, or have --max_calls "
                         "raised")};
  }
  connection.account->calls.Add(1);
  connection.account->all->calls.Add(1);
  return grpc::Status::OK;
}

void Users::CountRefusal(Account* account, const grpc::Status& status) {
  CallCounters& counters = account->all->counters;
  if (status.error_code() == grpc::StatusCode::PERMISSION_DENIED) {
    counters.denied.Add(1);
  } else {
    counters.refused.Add(1);
  }
}

void Users::CallOver(Account* account) {
  account->calls.Add(-1);
  account->all->calls.Add(-1);
}

bool Users::Hold(Account* account, std::int64_t bytes) {
  if (account->user->bytes() + bytes > Share()) {
    account->all->counters.refused.Add(1);
    return false;
  }
  account->bytes.Add(bytes);
  return true;
}

std::int64_t Users::Share() const {
  return limits_.max_memory_bytes / 2 /
         static_cast<std::int64_t>(
             std::max<std::size_t>(connected_.load(std::memory_order_relaxed), 1));
}

std::int64_t Users::CallsInFlight() const {
  std::int64_t sum = 0;
  for (const ShardAccount& shard : shards_) sum += shard.calls.value();
  return sum;
}

void Users::AddTo(Statistics* sum) const {
  for (const ShardAccount& shard : shards_) shard.counters.AddTo(sum);
}

}  // namespace rpc
