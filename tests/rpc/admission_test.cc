// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who may connect and call, where the numbers say so.

#include "rpc/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/status_matchers.h"

namespace rpc {
namespace {

using support::IsOk;
using support::StatusIs;
using ::testing::HasSubstr;
using ::testing::Optional;

class ConnectionPlacesTest : public ::testing::Test {
 protected:
  void Connect(uid_t uid, int count) {
    for (int i = 0; i < count; ++i) admission_.Connected(uid);
  }

  Admission admission_{{.max_connections = 10, .max_connections_per_uid = 6}, /*threads=*/1};
};

TEST_F(ConnectionPlacesTest, AUidHasItsLimit) {
  Connect(1000, 6);
  const Admission::Verdict verdict = admission_.MayConnect(1000);
  EXPECT_THAT(verdict.status,
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("uid 1000")));
  EXPECT_FALSE(verdict.evict.has_value());
  EXPECT_THAT(admission_.MayConnect(1001).status, IsOk());
  admission_.Disconnected(1000);
  EXPECT_THAT(admission_.MayConnect(1000).status, IsOk());
}

TEST_F(ConnectionPlacesTest, WhenAllAreTakenTheUidWithMostGivesOne) {
  Connect(1000, 6);
  Connect(1001, 4);
  const Admission::Verdict verdict = admission_.MayConnect(1002);
  EXPECT_THAT(verdict.status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(verdict.evict, Optional(1000U));
}

TEST_F(ConnectionPlacesTest, AmongEqualsNoneGivesOne) {
  Connect(1000, 5);
  Connect(1001, 5);
  EXPECT_FALSE(admission_.MayConnect(1000).evict.has_value());
  admission_.Disconnected(1001);
  Connect(1000, 1);
  EXPECT_THAT(admission_.MayConnect(1001).evict, Optional(1000U)) << "6 and 4 become 5 and 5";
}

TEST_F(ConnectionPlacesTest, AllThatMayNotCallCountAsOneUid) {
  Connect(Admission::kDenied, 6);
  EXPECT_THAT(admission_.MayConnect(Admission::kDenied).status,
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("not allowed")));
}

TEST_F(ConnectionPlacesTest, AUidThatConnectsAgainIsTheSameCaller) {
  const Caller* const before = admission_.Connected(1000);
  admission_.Disconnected(1000);
  EXPECT_EQ(admission_.Connected(1000), before);
  EXPECT_NE(admission_.Connected(1001), before);
}

// Two threads, on which calls begin and end as rpc/call/call.cc counts them.
class CallLimitsTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kMemory = 64 << 20;
  static constexpr std::size_t kThreads = 2;

  CallerAccount* Account(uid_t uid, std::size_t thread = 0) {
    return admission_.Connected(uid)->accounts[thread].get();
  }

  absl::Status Begin(CallerAccount* account, std::size_t thread = 0) {
    absl::Status may = admission_.MayCall(*account, {&calls_[0], &calls_[1]});
    if (!may.ok()) return may;
    account->calls.Add(1);
    calls_[thread].in_flight().Add(1);
    return may;
  }
  void End(CallerAccount* account, std::size_t thread = 0) {
    account->calls.Add(-1);
    calls_[thread].in_flight().Add(-1);
  }

  Admission admission_{{.max_calls = 20, .max_calls_per_uid = 10, .max_memory_bytes = kMemory},
                       kThreads};
  std::unique_ptr<http2::Loop> loop_ = *http2::Loop::Create({});
  const CallHooks no_hooks_;
  Calls calls_[kThreads] = {{loop_.get(), 1000, &no_hooks_}, {loop_.get(), 1000, &no_hooks_}};
};

TEST_F(CallLimitsTest, AUidHasItsLimitAndNoMore) {
  CallerAccount* const account = Account(1000);
  for (int i = 0; i < 10; ++i) EXPECT_THAT(Begin(account), IsOk());
  EXPECT_THAT(Begin(account),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("uid 1000")));
  EXPECT_THAT(Begin(Account(1001)), IsOk());
  End(account);
  EXPECT_THAT(Begin(account), IsOk());
}

TEST_F(CallLimitsTest, AUidThatConnectsAgainFindsTheSameCount) {
  CallerAccount* const before = Account(1000);
  for (int i = 0; i < 10; ++i) EXPECT_THAT(Begin(before), IsOk());
  admission_.Disconnected(1000);
  EXPECT_THAT(Begin(Account(1000)), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(CallLimitsTest, AUidHasOneLimitOnAllThreads) {
  CallerAccount* const one = Account(1000, 0);
  CallerAccount* const other = Account(1000, 1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(Begin(one, 0), IsOk());
    EXPECT_THAT(Begin(other, 1), IsOk());
  }
  EXPECT_THAT(Begin(one, 0), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Begin(other, 1), StatusIs(absl::StatusCode::kResourceExhausted));
  End(one, 0);
  EXPECT_THAT(Begin(other, 1), IsOk());
}

TEST_F(CallLimitsTest, AUidHasOneBoundOfMemoryOnAllThreads) {
  CallerAccount* const one = Account(1000, 0);
  CallerAccount* const other = Account(1000, 1);
  EXPECT_TRUE(one->memory.Hold(kMemory / 4 * 3));
  EXPECT_FALSE(other->memory.Hold(1));
  one->memory.Release(kMemory / 4 * 3);
  EXPECT_TRUE(other->memory.Hold(kMemory / 4 * 3));
  other->memory.Release(kMemory / 4 * 3);
}

TEST_F(CallLimitsTest, ANewcomerFindsMemoryWhateverAnotherUidHolds) {
  CallerAccount* const first = Account(1000);
  EXPECT_TRUE(first->memory.Hold(kMemory / 4 * 3));
  CallerAccount* const second = Account(1001);
  EXPECT_EQ(second->memory.share(), kMemory / 4 / 2);
  EXPECT_TRUE(second->memory.Hold(kMemory / 4 / 4 * 3));
  EXPECT_FALSE(second->memory.Hold(1));
  for (CallerAccount* account : {first, second}) account->memory.Release(account->memory.held());
  EXPECT_EQ(first->memory.share(), kMemory / 2);
}

TEST_F(CallLimitsTest, SomeCallsAreServedAlthoughOthersHaveTakenAll) {
  for (const uid_t uid : {1000, 1001}) {
    CallerAccount* const account = Account(uid);
    for (int i = 0; i < 10; ++i) EXPECT_THAT(Begin(account), IsOk());
  }
  CallerAccount* const newcomer = Account(1002);
  for (int i = 0; i < Admission::kAlwaysServed; ++i) EXPECT_THAT(Begin(newcomer), IsOk());
  EXPECT_THAT(Begin(newcomer),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("the server has")));
}

TEST_F(CallLimitsTest, GuestsAreCountedApart) {
  EXPECT_EQ(admission_.guests()->uid, Admission::kDenied);
  EXPECT_NE(admission_.guests(), admission_.Connected(Admission::kDenied));
  EXPECT_EQ(admission_.guests()->accounts.size(), kThreads);
}

}  // namespace
}  // namespace rpc
