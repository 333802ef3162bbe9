// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/users.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "rpc/places.h"
#include "rpc/status.h"

namespace rpc {

User* Users::Join(const Connection& connection) {
  User* user = &denied_;
  if (connection.place != Places::kDenied) {
    std::unique_ptr<User>& known = users_[connection.peer.uid];
    if (known == nullptr) known = std::make_unique<User>(connection.peer.uid);
    user = known.get();
  }
  if (user->connections++ == 0) ++connected_;
  return user;
}

void Users::Leave(User* user) {
  if (--user->connections == 0) --connected_;
}

bool Users::CallBegan(User* user) {
  statistics_.calls_begun.Add(1);
  return ++user->alive <= MaxAlive();
}

grpc::Status Users::Admit(const Connection& connection) {
  if (!connection.admission.ok()) return ToGrpcStatus(connection.admission);
  User* user = connection.user;
  if (user->calls >= limits_.CallsPerUid() || user->alive > MaxAlive()) {
    return {grpc::StatusCode::RESOURCE_EXHAUSTED,
            absl::StrCat("uid ", user->uid, " has ", user->calls,
                         " calls in flight, and the limit for one uid is ", limits_.CallsPerUid(),
                         "; finish some, or have --max_calls_per_uid raised")};
  }
  if (calls_ >= limits_.max_calls && user->calls >= kAlwaysServed) {
    return {grpc::StatusCode::RESOURCE_EXHAUSTED,
            absl::StrCat("the server has ", calls_,
                         " calls in flight, which is its limit; retry later, or have --max_calls "
                         "raised")};
  }
  ++user->calls;
  ++calls_;
  return grpc::Status::OK;
}

void Users::CountRefusal(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::PERMISSION_DENIED) {
    statistics_.calls_denied.Add(1);
  } else {
    statistics_.calls_refused.Add(1);
  }
}

void Users::CallOver(User* user) {
  --user->calls;
  --calls_;
}

bool Users::Hold(User* user, std::int64_t bytes) {
  if (user->bytes + bytes > Share()) {
    statistics_.calls_refused.Add(1);
    return false;
  }
  user->bytes += bytes;
  return true;
}

std::int64_t Users::Share() const {
  return limits_.max_memory_bytes / 2 /
         static_cast<std::int64_t>(std::max<std::size_t>(connected_, 1));
}

}  // namespace rpc
