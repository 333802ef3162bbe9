// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A completion queue for one operation at a time, which is waited for, but not for ever.
//
//   TimedQueue queue(&context);
//   stream->Read(&response, queue.Tag());
//   if (!queue.Await(timeout)) ...    // no more replies, or it took too long
//
// The context's own deadline is not enough: gRPC's thread for deadlines waits by the wall clock, and
// so a step of it delays them.
//
// Thread safety: none. Ownership: must outlive the operations on it.

#ifndef CLIENT_TIMED_QUEUE_H_
#define CLIENT_TIMED_QUEUE_H_

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/echo_client.h"
#include "grpcpp/grpcpp.h"

namespace udsecho::client {

class TimedQueue {
 public:
  explicit TimedQueue(grpc::ClientContext* context) : context_(context) {}
  ~TimedQueue() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  TimedQueue(const TimedQueue&) = delete;
  TimedQueue& operator=(const TimedQueue&) = delete;

  // The next call, if the one before has ended.
  void Watch(grpc::ClientContext* context) {
    context_ = context;
    timed_out_ = false;
  }

  grpc::CompletionQueue* queue() { return &queue_; }
  void* Tag() { return this; }

  // Waits for the operation's end; cancels the call if that is not within `timeout`. False if the
  // operation failed.
  bool Await(absl::Duration timeout) {
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, DeadlineAfter(timeout)) == grpc::CompletionQueue::TIMEOUT) {
      timed_out_ = true;
      context_->TryCancel();
      queue_.Next(&tag, &ok);
    }
    return ok;
  }

  bool timed_out() const { return timed_out_; }

 private:
  grpc::ClientContext* context_;
  grpc::CompletionQueue queue_;
  bool timed_out_ = false;
};

// `status`, or if it is the timeout that ended the call, that in one wording: whether we saw it first, or
// gRPC by the context's deadline.
inline grpc::Status AfterTimeout(const grpc::Status& status, bool timed_out,
                                 absl::Duration timeout) {
  const bool ours = timed_out && status.error_code() == grpc::StatusCode::CANCELLED;
  const bool grpcs = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED &&
                     status.error_message() == "Deadline Exceeded";
  if (!ours && !grpcs) return status;
  return {grpc::StatusCode::DEADLINE_EXCEEDED,
          absl::StrCat("no reply within ", absl::FormatDuration(timeout))};
}

// What became of a unary call that was prepared on `queue`.
template <class Response>
grpc::Status FinishWithin(absl::Duration timeout,
                          const std::unique_ptr<grpc::ClientAsyncResponseReader<Response>>& call,
                          TimedQueue* queue, Response* response) {
  grpc::Status status;
  call->StartCall();
  call->Finish(response, &status, queue->Tag());
  queue->Await(timeout);
  return AfterTimeout(status, queue->timed_out(), timeout);
}

}  // namespace udsecho::client

#endif  // CLIENT_TIMED_QUEUE_H_
