// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server in the test's process, and --bench against it.

#ifndef TESTS_CLIENT_BENCH_BED_H_
#define TESTS_CLIENT_BENCH_BED_H_

#include <atomic>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/run_client.h"
#include "tests/client/test_server.h"
#include "tests/support/temp_dir.h"

namespace udsecho::client {

class BenchTest : public testing::Test {
 protected:
  Ended Bench(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {path_, "--bench"});
    return RunClient(flags);
  }
  nlohmann::json Json(std::vector<std::string> flags) {
    flags.emplace_back("--json");
    return nlohmann::json::parse(Bench(flags).out, nullptr, false);
  }

  // So many calls are answered.
  void HangAfter(int calls) {
    answers_ = calls;
    server_.service.echo = [&](grpc::ServerContext* context, const v1::EchoRequest*,
                               v1::EchoResponse*) {
      return --answers_ >= 0 ? grpc::Status::OK : Hang(context);
    };
  }

  // Ctrl-C once calls have come due for a while that cannot begin.
  void InterruptWhileCallsWait(Interrupt* interrupt) {
    server_.service.echo = [interrupt](grpc::ServerContext* context, const v1::EchoRequest*,
                                       v1::EchoResponse*) {
      absl::SleepFor(absl::Milliseconds(300));  // the while
      interrupt->Trigger();
      return Hang(context);
    };
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  std::atomic<int> answers_ = 0;
  TestServer server_{path_};
};

}  // namespace udsecho::client

#endif  // TESTS_CLIENT_BENCH_BED_H_
