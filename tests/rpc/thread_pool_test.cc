// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/call/thread_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

using support::IsOk;
using support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using rpc::ThreadPool;

constexpr uid_t kAda = 1000;
constexpr uid_t kBob = 1001;

TEST(ThreadPoolTest, UidsTakeTurns) {
  ThreadPool pool({.threads = 0});
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(pool.Add(kAda, [&order, i] { order.push_back(i); }), IsOk());
  }
  for (int i = 10; i < 12; ++i) {
    EXPECT_THAT(pool.Add(kBob, [&order, i] { order.push_back(i); }), IsOk());
  }
  while (pool.RunNext()) {
  }
  EXPECT_THAT(order, ElementsAre(0, 10, 1, 11, 2));
}

TEST(ThreadPoolTest, RefusesWhatIsOverItsLimits) {
  ThreadPool pool({.threads = 0, .max_waiting = 3, .max_waiting_per_uid = 2});
  EXPECT_THAT(pool.Add(kAda, [] {}), IsOk());
  EXPECT_THAT(pool.Add(kAda, [] {}), IsOk());
  EXPECT_THAT(pool.Add(kAda, [] {}),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("uid 1000 has 2")));
  EXPECT_THAT(pool.Add(kBob, [] {}), IsOk());
  EXPECT_THAT(pool.Add(kBob, [] {}),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("the server has 3")));
  EXPECT_EQ(pool.waiting(), 3U);
  EXPECT_TRUE(pool.RunNext());
  EXPECT_THAT(pool.Add(kBob, [] {}), IsOk());
}

TEST(ThreadPoolTest, WorkIsTakenOutAndDestroyed) {
  ThreadPool pool({.threads = 0});
  auto kept = std::make_shared<int>(1);
  const std::weak_ptr<int> alive = kept;
  const auto ticket = pool.Add(kAda, [kept = std::move(kept)] { ADD_FAILURE(); });
  EXPECT_TRUE(pool.Remove(*ticket));
  EXPECT_TRUE(alive.expired());
  EXPECT_FALSE(pool.Remove(*ticket));
  EXPECT_FALSE(pool.RunNext());
  const auto other = pool.Add(kAda, [] {});
  EXPECT_TRUE(pool.RunNext());
  EXPECT_FALSE(pool.Remove(*other));
}

TEST(ThreadPoolTest, HasAsManyThreadsAsWorkAtTheSameTime) {
  ThreadPool pool({.threads = 3});
  std::promise<void> go;
  const std::shared_future<void> going = go.get_future().share();
  std::vector<std::future<std::thread::id>> ids;
  for (int i = 0; i < 3; ++i) {
    auto id = std::make_shared<std::promise<std::thread::id>>();
    ids.push_back(id->get_future());
    EXPECT_THAT(pool.Add(kAda,
                         [id, going] {
                           id->set_value(std::this_thread::get_id());
                           going.wait();
                         }),
                IsOk());
  }
  std::set<std::thread::id> different;
  for (auto& id : ids) different.insert(id.get());
  EXPECT_EQ(different.size(), 3U);
  go.set_value();
}

TEST(ThreadPoolTest, ItsEndWaitsForWhatHasBegunAndDropsTheRest) {
  std::promise<void> begun;
  std::promise<void> go;
  int done = 0;
  std::weak_ptr<int> dropped;
  std::thread ends;
  {
    auto pool = std::make_unique<ThreadPool>(rpc::ThreadPoolOptions{.threads = 1});
    EXPECT_THAT(pool->Add(kAda,
                          [&] {
                            begun.set_value();
                            go.get_future().wait();
                            ++done;
                          }),
                IsOk());
    begun.get_future().wait();
    auto kept = std::make_shared<int>(1);
    dropped = kept;
    EXPECT_THAT(pool->Add(kAda, [&done, kept = std::move(kept)] { done += 100; }), IsOk());
    ends = std::thread([pool = std::move(pool)]() mutable { pool = nullptr; });
    go.set_value();
  }
  ends.join();
  EXPECT_TRUE(dropped.expired());
  EXPECT_EQ(done % 100, 1);
}

}  // namespace
}  // namespace udsecho::testing
