// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "rpc/places.h"

namespace rpc {
namespace {

using ::testing::HasSubstr;

class UsersTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kMemory = 64 << 20;

  std::unique_ptr<Connection> Connect(uid_t uid, const absl::Status& admission = absl::OkStatus(),
                                      std::size_t shard = 0) {
    auto connection = std::make_unique<Connection>(
        1U, 17, uds::UniqueFd(),
        uds::PeerCredentials{.uid = uid, .gid = uid, .groups = {}, .pid = {}}, absl::Now(),
        admission, admission.ok() ? uid : Places::kDenied, false);
    connection->account = users_.Join(*connection, shard);
    return connection;
  }

  grpc::StatusCode Admit(const Connection& connection) {
    return users_.Admit(connection).error_code();
  }

  Statistics Counted() const {
    Statistics sum;
    users_.AddTo(&sum);
    return sum;
  }

  Users users_{{.max_calls = 20, .max_calls_per_uid = 10, .max_memory_bytes = kMemory},
               /*shards=*/2};
};

TEST_F(UsersTest, AUidHasItsLimitAndNoMore) {
  const auto one = Connect(1000);
  const auto other_of_the_same = Connect(1000);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Admit(*one), grpc::OK);
    EXPECT_EQ(Admit(*other_of_the_same), grpc::OK);
  }
  const grpc::Status refused = users_.Admit(*one);
  EXPECT_EQ(refused.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("uid 1000"));
  Users::CountRefusal(one->account, refused);
  EXPECT_EQ(Counted().calls_refused, 1U);
  EXPECT_EQ(Admit(*Connect(1001)), grpc::OK);
  Users::CallOver(one->account);
  EXPECT_EQ(Admit(*one), grpc::OK);
}

TEST_F(UsersTest, WhoEndsCallsAndGoesOnHasALimitToo) {
  const auto one = Connect(1000);
  for (int i = 0; i < users_.MaxAlive(); ++i) {
    EXPECT_TRUE(users_.CallBegan(one->account));
    EXPECT_EQ(Admit(*one), grpc::OK);
    Users::CallOver(one->account);
  }
  EXPECT_FALSE(users_.CallBegan(one->account));
  EXPECT_EQ(Admit(*one), grpc::RESOURCE_EXHAUSTED);
  Users::CallEnded(one->account);
  EXPECT_EQ(Admit(*one), grpc::OK);
}

TEST_F(UsersTest, WhoReconnectsFindsTheSameCount) {
  const auto before = Connect(1000);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Admit(*before), grpc::OK);
  users_.Leave(before->account);
  const auto after = Connect(1000);
  EXPECT_EQ(Admit(*after), grpc::RESOURCE_EXHAUSTED);
}

TEST_F(UsersTest, AUidHasOneLimitInAllShards) {
  const auto one = Connect(1000);
  const auto other = Connect(1000, absl::OkStatus(), 1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Admit(*one), grpc::OK);
    EXPECT_EQ(Admit(*other), grpc::OK);
  }
  EXPECT_EQ(Admit(*one), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Admit(*other), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(users_.connected(), 1U);
  EXPECT_TRUE(users_.Hold(one->account, kMemory / 2));
  EXPECT_FALSE(users_.Hold(other->account, 1));
  Users::Release(one->account, kMemory / 2);
  Users::CallOver(one->account);
  EXPECT_EQ(Admit(*other), grpc::OK);
  users_.Leave(one->account);
  EXPECT_EQ(users_.connected(), 1U);
  users_.Leave(other->account);
  EXPECT_EQ(users_.connected(), 0U);
}

TEST_F(UsersTest, SomeCallsAreServedAlthoughOthersHaveTakenAll) {
  for (const uid_t uid : {1000, 1001}) {
    const auto connection = Connect(uid);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(Admit(*connection), grpc::OK);
  }
  const auto newcomer = Connect(1002);
  for (int i = 0; i < Users::kAlwaysServed; ++i) EXPECT_EQ(Admit(*newcomer), grpc::OK);
  EXPECT_EQ(Admit(*newcomer), grpc::RESOURCE_EXHAUSTED);
}

TEST_F(UsersTest, WhoMayNotCallIsToldSo) {
  const auto denied = Connect(1000, absl::PermissionDeniedError("not you"));
  const grpc::Status status = users_.Admit(*denied);
  EXPECT_EQ(status.error_code(), grpc::PERMISSION_DENIED);
  EXPECT_EQ(status.error_message(), "not you");
  Users::CountRefusal(denied->account, status);
  EXPECT_EQ(Counted().calls_denied, 1U);
}

TEST_F(UsersTest, TheMemoryIsSharedByThoseWhoAreConnected) {
  const auto one = Connect(1000);
  EXPECT_EQ(users_.Share(), kMemory / 2);
  const auto again = Connect(1000);
  EXPECT_EQ(users_.Share(), kMemory / 2);
  const auto other = Connect(1001);
  EXPECT_EQ(users_.Share(), kMemory / 4);
  users_.Leave(other->account);
  EXPECT_EQ(users_.Share(), kMemory / 2);
  EXPECT_EQ(users_.connected(), 1U);
}

TEST_F(UsersTest, AllWhoMayNotCallHaveOneShare) {
  const auto one = Connect(1000);
  std::vector<std::unique_ptr<Connection>> denied;
  for (uid_t uid = 2000; uid < 2100; ++uid) {
    denied.push_back(Connect(uid, absl::PermissionDeniedError("not you")));
  }
  EXPECT_EQ(users_.connected(), 2U);
}

TEST_F(UsersTest, BytesAreHeldUpToTheShare) {
  Account* account = Connect(1000)->account;
  EXPECT_TRUE(users_.Hold(account, kMemory / 2));
  EXPECT_FALSE(users_.Hold(account, 1));
  EXPECT_EQ(Counted().calls_refused, 1U);
  Users::Release(account, kMemory / 2);
  Users::HoldAnyway(account, kMemory);
  EXPECT_FALSE(users_.Hold(account, 1));
  Users::Release(account, kMemory);
  EXPECT_TRUE(users_.Hold(account, 1));
}

}  // namespace
}  // namespace rpc
