// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <thread>
#include <vector>

#include "tests/support/status_matchers.h"
#include "uds/unique_fd.h"

namespace rpc {
namespace {

using support::IsOk;

class EventLoopTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventLoop> loop_ = *EventLoop::Create();
};

TEST_F(EventLoopTest, CallsWhatIsReady) {
  const uds::UniqueFd ready(eventfd(1, EFD_CLOEXEC));
  const uds::UniqueFd idle(eventfd(0, EFD_CLOEXEC));
  ASSERT_THAT(loop_->Watch(idle.get(), EPOLLIN, [] { ADD_FAILURE(); }), IsOk());
  ASSERT_THAT(loop_->Watch(ready.get(), EPOLLIN, [this] { loop_->Quit(); }), IsOk());
  loop_->Run();
}

TEST_F(EventLoopTest, TellsOfTheOtherEndsClose) {
  std::array<int, 2> pair{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const uds::UniqueFd ours(pair[0]);
  uds::UniqueFd theirs(pair[1]);
  std::uint32_t events = 0;
  ASSERT_THAT(loop_->Watch(ours.get(), 0,
                           [&] {
                             events = loop_->events();
                             loop_->Quit();
                           }),
              IsOk());
  loop_->After(absl::Milliseconds(5), [&theirs] { theirs.reset(); });
  loop_->Run();
  EXPECT_FALSE(theirs.valid());
  EXPECT_NE(events & EPOLLHUP, 0U);
}

TEST_F(EventLoopTest, UnwatchedIsNotCalled) {
  const uds::UniqueFd first(eventfd(1, EFD_CLOEXEC));
  const uds::UniqueFd second(eventfd(1, EFD_CLOEXEC));
  int calls = 0;
  // Whichever comes first takes the other away; both are ready in the same round.
  ASSERT_THAT(loop_->Watch(first.get(), EPOLLIN,
                           [&] {
                             ++calls;
                             loop_->Unwatch(first.get());
                             loop_->Unwatch(second.get());
                           }),
              IsOk());
  ASSERT_THAT(loop_->Watch(second.get(), EPOLLIN,
                           [&] {
                             ++calls;
                             loop_->Unwatch(first.get());
                             loop_->Unwatch(second.get());
                           }),
              IsOk());
  loop_->After(absl::Milliseconds(5), [this] { loop_->Quit(); });
  loop_->Run();
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, TimersFireInTheirOrder) {
  std::vector<int> order;
  loop_->After(absl::Milliseconds(20), [&] {
    order.push_back(2);
    loop_->Quit();
  });
  loop_->After(absl::Milliseconds(10), [&] { order.push_back(1); });
  loop_->After(absl::ZeroDuration(), [&] { order.push_back(0); });
  loop_->Run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST_F(EventLoopTest, WhatIsDueNeverIsNotDueNow) {
  loop_->After(absl::InfiniteDuration(), [] { ADD_FAILURE(); });
  loop_->After(absl::Milliseconds(5), [this] { loop_->Quit(); });
  loop_->Run();
}

TEST_F(EventLoopTest, ChangedIsCalledForItsNewEventsAlone) {
  const uds::UniqueFd ready(eventfd(1, EFD_CLOEXEC));
  bool quiet = false;
  int calls = 0;
  ASSERT_THAT(loop_->Watch(ready.get(), EPOLLIN,
                           [&] {
                             EXPECT_FALSE(quiet);
                             if (++calls < 3) return;
                             quiet = true;
                             loop_->Change(ready.get(), 0);
                             loop_->After(absl::Milliseconds(5), [this] { loop_->Quit(); });
                           }),
              IsOk());
  loop_->Run();
  EXPECT_EQ(calls, 3);
}

TEST_F(EventLoopTest, PostedFromManyThreadsAllRunInEachThreadsOrder) {
  constexpr int kThreads = 4;
  constexpr int kEach = 1000;
  std::array<int, kThreads> next{};
  int total = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        loop_->Post([&, thread, i] {
          EXPECT_EQ(next[thread]++, i);
          if (++total == kThreads * kEach) loop_->Quit();
        });
      }
    });
  }
  loop_->Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(total, kThreads * kEach);
}

}  // namespace
}  // namespace rpc
