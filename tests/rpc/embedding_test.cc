// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server in an event loop that is the program's own: Start(), poll_fd(), Turn(), Finish().

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "rpc/server.h"
#include "tests/rpc/probe.grpc.pb.h"
#include "tests/rpc/probe_service.h"
#include "tests/support/patience.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "uds/unique_fd.h"

namespace udsecho::testing {
namespace {

uds::Listener ListenAt(const std::string& path) {
  return uds::Listener::Open(uds::Address::Parse(path).value()).value();
}

class EmbeddingTest : public ::testing::TestWithParam<int> {
 protected:
  EmbeddingTest() { server_.Add(&probe_); }

  grpc::Status Ask(int64_t wait_ms) {
    grpc::ClientContext context;
    v1::ProbeRequest request;
    request.set_text("x");
    request.set_wait_ms(wait_ms);
    v1::ProbeReply reply;
    return v1::Probe::NewStub(grpc::CreateChannel(absl::StrCat("unix:", path_),
                                                  grpc::InsecureChannelCredentials()))
        ->Ask(&context, request, &reply);
  }

  // Turns it when its descriptor says so, and never otherwise.
  void TurnUntilEnded() {
    const support::Deadline deadline;
    pollfd ready = {.fd = server_.poll_fd().value(), .events = POLLIN, .revents = 0};
    while (!server_.ended() && poll(&ready, 1, deadline.MillisecondsLeft()) == 1) server_.Turn();
    EXPECT_TRUE(server_.ended());
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  ProbeService probe_;
  rpc::Server server_{{.shards = GetParam()}};
};

TEST_P(EmbeddingTest, LooksAfterADescriptorOfTheProgram) {
  const uds::UniqueFd counter(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  eventfd_t seen = 0;
  ASSERT_THAT(server_.OnReadable(counter.get(),
                                 [&] {
                                   eventfd_read(counter.get(), &seen);
                                   server_.Stop();
                                 }),
              support::IsOk());
  std::thread other([&] { eventfd_write(counter.get(), 3); });
  EXPECT_THAT(server_.Run(ListenAt(path_)), support::IsOk());
  other.join();
  EXPECT_EQ(seen, 3U);
}

// In a process of its own, which may have 1000 descriptors and has asked for 100.
template <class Do>
int DescriptorsAfter(const Do& start) {
  const rlimit few = {.rlim_cur = 100, .rlim_max = 1000};
  if (setrlimit(RLIMIT_NOFILE, &few) != 0) std::abort();
  start();
  rlimit now = {};
  getrlimit(RLIMIT_NOFILE, &now);
  return static_cast<int>(now.rlim_cur / 10);  // an exit code
}

TEST(DescriptorLimitTest, IsRaisedUnlessTheProgramSaysNo) {
  const support::TempDir dir;
  const auto start = [&](bool raise) {
    return [&dir, raise] {
      rpc::Server server({.raise_descriptor_limit = raise});
      if (!server.Start(ListenAt(dir.Path("s"))).ok()) std::abort();
    };
  };
  EXPECT_EXIT(std::exit(DescriptorsAfter(start(true))), ::testing::ExitedWithCode(100), "");
  EXPECT_EXIT(std::exit(DescriptorsAfter(start(false))), ::testing::ExitedWithCode(10), "");
}

TEST(ServerOptionsTest, NoShardIsRefused) {
  const support::TempDir dir;
  rpc::Server server({.shards = 0});
  EXPECT_THAT(server.Run(ListenAt(dir.Path("s"))),
              support::StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(EmbeddingTest, ADescriptorThatCannotBeWatchedIsRefused) {
  EXPECT_FALSE(server_.OnReadable(-1, [] {}).ok());
}

TEST_P(EmbeddingTest, CallsTimersAndTheEnd) {
  ASSERT_THAT(server_.Start(ListenAt(path_)), support::IsOk());
  EXPECT_FALSE(server_.ended());
  std::thread client([this] {
    EXPECT_TRUE(Ask(0).ok());
    EXPECT_TRUE(Ask(50).ok()) << "a timer must wake the loop";
    server_.Stop();
  });
  TurnUntilEnded();
  client.join();
  EXPECT_EQ(server_.Finish().calls_cut, 0U);
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_P(EmbeddingTest, ACutIsAlsoATimer) {
  ASSERT_THAT(server_.Start(ListenAt(path_)), support::IsOk());
  std::thread client(
      [this] { EXPECT_EQ(Ask(3'600'000).error_code(), grpc::StatusCode::UNAVAILABLE); });
  std::thread stopper([this] {
    EXPECT_EQ(probe_.words().Hear(), Word::kWaiting);
    server_.Stop(absl::Milliseconds(50));
  });
  TurnUntilEnded();
  client.join();
  stopper.join();
  EXPECT_EQ(server_.Finish().calls_cut, 1U);
}

TEST_P(EmbeddingTest, ItSleepsWhereThereIsNothingToDo) {
  ASSERT_THAT(server_.Start(ListenAt(path_)), support::IsOk());
  pollfd ready = {.fd = server_.poll_fd().value(), .events = POLLIN, .revents = 0};
  const support::Deadline deadline;
  while (poll(&ready, 1, 50) == 1) {
    server_.Turn();
    ASSERT_FALSE(deadline.IsOver());
  }
  server_.Stop();
  TurnUntilEnded();
  server_.Finish();
}

TEST_P(EmbeddingTest, WhatCannotStartLeavesNothing) {
  rpc::Server server({.limits = {.max_message_bytes = -1}});
  EXPECT_THAT(server.Start(ListenAt(path_)), support::StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

INSTANTIATE_TEST_SUITE_P(Shards, EmbeddingTest, ::testing::Values(1, 3));

}  // namespace
}  // namespace udsecho::testing
