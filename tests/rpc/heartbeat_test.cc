// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/heartbeat.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

namespace rpc {
namespace {

class HeartbeatTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventLoop> loop_ = *EventLoop::Create();
};

TEST_F(HeartbeatTest, WhoAnswersIsNotHeldUp) {
  int beats = 0;
  Heartbeat heartbeat(
      loop_.get(),
      [&](const std::function<void()>& beat) {
        beat();
        if (++beats == 3) loop_->Quit();
      },
      [](int) { ADD_FAILURE(); });
  heartbeat.Begin([] { return true; });
  loop_->Run();
  EXPECT_EQ(beats, 3);
}

TEST_F(HeartbeatTest, WhoDoesNotAnswerIsHeldUpUntilItDoes) {
  std::vector<std::function<void()>> asked;
  int held_up = 0;
  Heartbeat heartbeat(
      loop_.get(),
      [&](const std::function<void()>& beat) {
        asked.push_back(beat);
        if (asked.size() == 2) loop_->Quit();
      },
      [&](int missed) {
        EXPECT_EQ(missed, ++held_up);
        if (held_up == 3) asked.front()();
      });
  heartbeat.Begin([] { return true; });
  loop_->Run();
  EXPECT_EQ(held_up, 3);
}

TEST_F(HeartbeatTest, NobodyIsAskedWhenAllIsQuiet) {
  int beats = 0;
  Heartbeat heartbeat(
      loop_.get(),
      [&](const std::function<void()>& beat) {
        ++beats;
        beat();
      },
      [](int) { ADD_FAILURE(); });
  heartbeat.Begin([&] {
    if (beats == 2) loop_->Quit();
    return beats < 2;
  });
  loop_->Run();
  EXPECT_EQ(beats, 2);
}

}  // namespace
}  // namespace rpc
