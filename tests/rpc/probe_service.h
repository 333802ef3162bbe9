// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Handlers of every shape, and word to the test of what they are doing.

#ifndef TESTS_RPC_PROBE_SERVICE_H_
#define TESTS_RPC_PROBE_SERVICE_H_

#include <condition_variable>
#include <deque>
#include <mutex>

#include "rpc/call/stream_calls.h"
#include "rpc/call/task.h"
#include "rpc/call/unary_call.h"
#include "rpc/service.h"
#include "tests/rpc/probe.pb.h"

namespace udsecho::testing {

// What a handler tells the test.
enum class Word { kWaiting, kWaited, kInterrupted };

// A queue between the handlers' thread and the test's.
class Words {
 public:
  void Say(Word word);
  // Waits for the next word.
  Word Hear();

 private:
  std::mutex mutex_;
  std::condition_variable said_;
  std::deque<Word> words_;
};

class ProbeService final : public rpc::Service {
 public:
  using Request = v1::ProbeRequest;
  using Reply = v1::ProbeReply;

  ProbeService();

  Words& words() { return words_; }

 private:
  // Refuses calls that carry "probe-refuse", with that as the message.
  absl::Status Begin(rpc::Call& call) override;

  rpc::Task Ask(rpc::UnaryCall<Request, Reply>& call);
  rpc::Task Expand(rpc::ServerStreamCall<Request, Reply>& call);
  rpc::Task Collect(rpc::ClientStreamCall<Request, Reply>& call);
  rpc::Task Talk(rpc::BidiCall<Request, Reply>& call);
  rpc::Task Forget(rpc::UnaryCall<Request, Reply>& call);
  rpc::Task Linger(rpc::UnaryCall<Request, Reply>& call);

  // A task that tasks await.
  rpc::Task Pause(rpc::Call& call, int64_t milliseconds, bool* interrupted);

  Words words_;
};

}  // namespace udsecho::testing

#endif  // TESTS_RPC_PROBE_SERVICE_H_
