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

  std::unique_ptr<Connection> Connect(uid_t uid, const absl::Status& admission = absl::OkStatus()) {
    auto connection = std::make_unique<Connection>(
        1U, 17, uds::UniqueFd(),
        uds::PeerCredentials{.uid = uid, .gid = uid, .groups = {}, .pid = {}}, absl::Now(),
        admission, admission.ok() ? uid : Places::kDenied, false);
    connection->user = users_.Join(*connection);
    return connection;
  }

  grpc::StatusCode Admit(const Connection& connection) {
    return users_.Admit(connection).error_code();
  }

  Statistics statistics_;
  Users users_{{.max_calls = 20, .max_calls_per_uid = 10, .max_memory_bytes = kMemory},
               &statistics_};
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
  users_.CountRefusal(refused);
  EXPECT_EQ(statistics_.calls_refused.value(), 1U);
  EXPECT_EQ(Admit(*Connect(1001)), grpc::OK);
  users_.CallOver(one->user);
  EXPECT_EQ(Admit(*one), grpc::OK);
}

TEST_F(UsersTest, WhoEndsCallsAndGoesOnHasALimitToo) {
  const auto one = Connect(1000);
  for (int i = 0; i < users_.MaxAlive(); ++i) {
    EXPECT_TRUE(users_.CallBegan(one->user));
    EXPECT_EQ(Admit(*one), grpc::OK);
    users_.CallOver(one->user);
  }
  EXPECT_FALSE(users_.CallBegan(one->user));
  EXPECT_EQ(Admit(*one), grpc::RESOURCE_EXHAUSTED);
  users_.CallEnded(one->user);
  EXPECT_EQ(Admit(*one), grpc::OK);
}

TEST_F(UsersTest, WhoReconnectsFindsTheSameCount) {
  const auto before = Connect(1000);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Admit(*before), grpc::OK);
  users_.Leave(before->user);
  const auto after = Connect(1000);
  EXPECT_EQ(Admit(*after), grpc::RESOURCE_EXHAUSTED);
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
  users_.CountRefusal(status);
  EXPECT_EQ(statistics_.calls_denied.value(), 1U);
}

TEST_F(UsersTest, TheMemoryIsSharedByThoseWhoAreConnected) {
  const auto one = Connect(1000);
  EXPECT_EQ(users_.Share(), kMemory / 2);
  const auto again = Connect(1000);
  EXPECT_EQ(users_.Share(), kMemory / 2);
  const auto other = Connect(1001);
  EXPECT_EQ(users_.Share(), kMemory / 4);
  users_.Leave(other->user);
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
  User* user = Connect(1000)->user;
  EXPECT_TRUE(users_.Hold(user, kMemory / 2));
  EXPECT_FALSE(users_.Hold(user, 1));
  EXPECT_EQ(statistics_.calls_refused.value(), 1U);
  users_.Release(user, kMemory / 2);
  users_.HoldAnyway(user, kMemory);
  EXPECT_FALSE(users_.Hold(user, 1));
  users_.Release(user, kMemory);
  EXPECT_TRUE(users_.Hold(user, 1));
}

}  // namespace
}  // namespace rpc
