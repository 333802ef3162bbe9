// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client that sends on a Chat stream and never reads what comes back.
//
//   StuckReader stuck(path);
//   ASSERT_TRUE(stuck.SendUntilHeldBack());   // the server's handler waits in a write now
//
// Thread safety: none. Its call is cancelled at the end.

#ifndef TESTS_INTEGRATION_STUCK_READER_H_
#define TESTS_INTEGRATION_STUCK_READER_H_

#include <chrono>
#include <memory>
#include <string>

#include "tests/integration/calls.h"

namespace udsecho::integration {

class StuckReader {
 public:
  explicit StuckReader(const std::string& path)
      : stub_(v1::Echo::NewStub(Connect(path))),
        stream_(stub_->AsyncChat(&context_, &queue_, this)) {}

  ~StuckReader() {
    context_.TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  // Sends until HTTP/2's flow control takes no more. False when the stream ended instead, or took
  // more than any window can be.
  bool SendUntilHeldBack() {
    const v1::EchoRequest request = Message(std::string(1 << 20, 'x'));
    for (int i = 0; i < 200; ++i) {
      void* tag = nullptr;
      bool ok = false;
      // A message passes within milliseconds. On a machine where it takes longer, the caller's test
      // is weaker than it could be, but not wrong.
      const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(1);
      const auto next = queue_.AsyncNext(&tag, &ok, deadline);
      if (next == grpc::CompletionQueue::TIMEOUT) return true;
      if (!ok) return false;
      stream_->Write(request, this);
    }
    return false;
  }

 private:
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<v1::Echo::Stub> stub_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::EchoRequest, v1::EchoResponse>> stream_;
};

}  // namespace udsecho::integration

#endif  // TESTS_INTEGRATION_STUCK_READER_H_
