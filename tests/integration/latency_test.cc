// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A local server is idle most of its life, and must not be slow to wake. (A server on gRPC's
// callback API takes 7 to 45 ms for one call every 1.05 s.)

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPeriod{1050};
constexpr std::chrono::milliseconds kLimit{5};
constexpr int kCalls = 8;

// The slowest of a few calls after idle times. Here the pause is what is tested.
microseconds SlowestCall(const ServerProcess& server) {
  const auto stub = v1::Echo::NewStub(Connect(server.path()));
  const v1::EchoRequest request = Message("hi");
  microseconds slowest{0};
  steady_clock::time_point next = steady_clock::now();
  for (int i = 0; i < kCalls; ++i) {
    std::this_thread::sleep_until(next);
    next += kPeriod;
    grpc::ClientContext context;
    v1::EchoResponse response;
    const auto begin = steady_clock::now();
    EXPECT_TRUE(stub->Echo(&context, request, &response).ok());
    const auto took = std::chrono::ceil<microseconds>(steady_clock::now() - begin);
    if (i > 0) slowest = std::max(slowest, took);  // the first one connects
  }
  return slowest;
}

TEST(LatencyTest, CallAfterIdleTimeIsQuick) {
  const ServerProcess server;
  microseconds slowest = microseconds::max();
  // What else the machine does shows in one measurement or the other, the server's own in each.
  for (int attempt = 0; attempt < 3 && slowest > kLimit; ++attempt) {
    slowest = SlowestCall(server);
    std::cout << "slowest of " << kCalls - 1 << " calls: " << slowest.count() << " us\n";
  }
  RecordProperty("slowest_us", static_cast<int>(slowest.count()));
  EXPECT_LE(slowest, kLimit);
}

}  // namespace
}  // namespace udsecho::integration
