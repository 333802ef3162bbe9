// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "http2/fake_clock.h"

namespace http2 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Watcher final : public Loop::Watcher {
 public:
  void Ready(std::uint32_t events) override {
    ready.push_back(events);
    if (when_ready) when_ready();
  }
  void RoundEnds() override {
    ++round_ends;
    if (when_round_ends) when_round_ends();
  }

  std::vector<std::uint32_t> ready;
  int round_ends = 0;
  std::function<void()> when_ready;
  std::function<void()> when_round_ends;
};

struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    ours.reset(fds[0]);
    theirs.reset(fds[1]);
  }
  void Say() const { EXPECT_EQ(write(theirs.get(), "x", 1), 1); }

  uds::UniqueFd ours;
  uds::UniqueFd theirs;
};

class LoopTest : public ::testing::Test {
 protected:
  void Turn() { loop_->Turn(absl::ZeroDuration()); }

  FakeClock clock_;
  std::unique_ptr<Loop> loop_ = Loop::Create({.clock = &clock_}).value();
};

TEST_F(LoopTest, AWatcherHearsWhatItWatchesFor) {
  Pair pair;
  Watcher watcher;
  ASSERT_TRUE(loop_->Watch(pair.ours.get(), EPOLLIN, &watcher).ok());
  Turn();
  EXPECT_THAT(watcher.ready, IsEmpty());
  pair.Say();
  Turn();
  Turn();  // and again, as it was not read
  EXPECT_THAT(watcher.ready, ElementsAre(EPOLLIN, EPOLLIN));
  loop_->Change(pair.ours.get(), EPOLLOUT, &watcher);
  Turn();
  EXPECT_EQ(watcher.ready.back(), EPOLLOUT);
  loop_->Unwatch(pair.ours.get(), &watcher);
  Turn();
  EXPECT_EQ(watcher.ready.size(), 3);
}

TEST_F(LoopTest, AgainComesInTheNextRoundAndOnce) {
  Watcher watcher;
  watcher.when_ready = [&] {
    if (watcher.ready.size() < 3) loop_->Again(&watcher);
  };
  loop_->Again(&watcher);
  loop_->Again(&watcher);
  for (std::size_t round = 1; round <= 3; ++round) {
    loop_->Turn(absl::InfiniteDuration());  // which does not wait
    EXPECT_EQ(watcher.ready.size(), round);
  }
  Turn();
  EXPECT_THAT(watcher.ready, ElementsAre(0, 0, 0));
}

TEST_F(LoopTest, TheRoundEndsAfterAllElse) {
  std::vector<int> order;
  Watcher watcher;
  watcher.when_ready = [&] {
    order.push_back(1);
    loop_->AtRoundEnd(&watcher);
    loop_->AtRoundEnd(&watcher);
  };
  watcher.when_round_ends = [&] { order.push_back(4); };
  loop_->Again(&watcher);
  loop_->Post([&] { order.push_back(2); });
  loop_->After(absl::ZeroDuration(), [&] { order.push_back(3); });
  Turn();
  Turn();
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4));
}

TEST_F(LoopTest, WhatIsToBeDoneAtARoundsEndDoesNotWaitForAnEvent) {
  Watcher watcher;
  loop_->AtRoundEnd(&watcher);            // between two rounds
  loop_->Turn(absl::InfiniteDuration());  // would wait forever
  EXPECT_EQ(watcher.round_ends, 1);
}

TEST_F(LoopTest, OneRoundsEndMayBringAboutAnothers) {
  Watcher first;
  Watcher second;
  first.when_round_ends = [&] { loop_->AtRoundEnd(&second); };
  loop_->AtRoundEnd(&first);
  Turn();
  EXPECT_EQ(second.round_ends, 1);
}

TEST_F(LoopTest, WhoIsBuriedHearsNothingMore) {
  Pair pairs[2];
  auto first = std::make_unique<Watcher>();
  auto second = std::make_unique<Watcher>();
  Watcher* const watchers[] = {first.get(), second.get()};
  int calls = 0;
  const auto bury_both = [&] {
    ++calls;
    loop_->AtRoundEnd(watchers[0]);
    loop_->Again(watchers[1]);
    for (int i = 0; i < 2; ++i) loop_->Unwatch(pairs[i].ours.get(), watchers[i]);
    loop_->Bury(std::move(first));
    loop_->Bury(std::move(second));
  };
  for (int i = 0; i < 2; ++i) {
    watchers[i]->when_ready = bury_both;
    watchers[i]->when_round_ends = [] { FAIL(); };
    ASSERT_TRUE(loop_->Watch(pairs[i].ours.get(), EPOLLIN, watchers[i]).ok());
    pairs[i].Say();
  }
  Turn();
  Turn();
  EXPECT_EQ(calls, 1);
}

TEST_F(LoopTest, AfterIsOnceAndInTime) {
  int calls = 0;
  loop_->After(absl::Seconds(1), [&] { ++calls; });
  loop_->After(absl::InfiniteDuration(), [] { FAIL(); });
  clock_.Advance(absl::Milliseconds(999));
  Turn();
  EXPECT_EQ(calls, 0);
  clock_.Advance(absl::Milliseconds(1));
  Turn();
  clock_.Advance(absl::Hours(1));
  Turn();
  EXPECT_EQ(calls, 1);
}

TEST_F(LoopTest, AnotherThreadsWorkWakesIt) {
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      loop_->Post([&order, i] { order.push_back(i); });
    }
    loop_->Post([&] { loop_->Quit(); });
  });
  loop_->Run();
  other.join();
  ASSERT_EQ(order.size(), 1000);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(LoopTest, PostedWorkMayPostMore) {
  int calls = 0;
  loop_->Post([&] {
    ++calls;
    loop_->Post([&] {
      ++calls;
      loop_->Quit();
    });
  });
  loop_->Run();
  EXPECT_EQ(calls, 2);
}

TEST_F(LoopTest, LapsShareARoundOut) {
  Watcher watcher;
  watcher.when_ready = [&] {
    clock_.Advance(absl::Milliseconds(3));
    EXPECT_EQ(loop_->Lap(), ToNanoseconds(absl::Milliseconds(3)));
    EXPECT_EQ(loop_->Lap(), 0);
  };
  clock_.Advance(absl::Seconds(1));  // between rounds: counts for nobody
  loop_->Again(&watcher);
  Turn();
  EXPECT_EQ(watcher.ready.size(), 1);
}

class PollFdTest : public ::testing::Test {
 protected:
  bool IsReadable(int milliseconds = 0) {
    pollfd ready = {.fd = fd_, .events = POLLIN, .revents = 0};
    return poll(&ready, 1, milliseconds) == 1;
  }
  // A first round may have been due.
  void Settle() {
    while (IsReadable()) loop_->Turn(absl::ZeroDuration());
  }

  std::unique_ptr<Loop> loop_ = Loop::Create({}).value();
  const int fd_ = loop_->PollFd().value();
};

TEST_F(PollFdTest, ReadableForWhatIsPostedOrDue) {
  Settle();
  int done = 0;
  loop_->Post([&] { ++done; });
  EXPECT_TRUE(IsReadable());
  Settle();
  EXPECT_EQ(done, 1);
  loop_->Post([&] { loop_->After(absl::Milliseconds(1), [&] { ++done; }); });
  loop_->Turn(absl::ZeroDuration());
  EXPECT_TRUE(IsReadable(60'000));
  Settle();
  EXPECT_EQ(done, 2);
}

TEST_F(PollFdTest, ReadableForARoundThatIsDue) {
  Watcher watcher;
  watcher.when_ready = [&] {
    if (watcher.ready.size() < 3) loop_->Again(&watcher);
  };
  loop_->Post([&] { loop_->Again(&watcher); });
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(IsReadable(60'000));
    loop_->Turn(absl::ZeroDuration());
  }
  EXPECT_EQ(watcher.ready.size(), 3U);
  EXPECT_FALSE(IsReadable());
}

TEST_F(PollFdTest, ItIsTheSameEachTime) { EXPECT_EQ(loop_->PollFd().value(), fd_); }

}  // namespace
}  // namespace http2
