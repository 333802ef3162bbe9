// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <memory>
#include <optional>
#include <utility>

#include "client/awaited_source.h"
#include "client/call_context.h"
#include "client/monotonic.h"
#include "client/timed_queue.h"
#include "client/unary.h"

namespace udsecho::client {
namespace {

class ExpandCall {
 public:
  ExpandCall(const Sending& sending, absl::string_view message) : sending_(sending) {
    sending.requests->FillExpand(message, &request_);
    SetUp(sending.options->call, &context_);
  }

  // The call's status; `unwritten` is why the output could not be written, if it could not.
  grpc::Status Run(absl::Status* unwritten) {
    const InterruptedBy scope(sending_.interrupt, &context_);
    stream_ = sending_.connection->client().stub().PrepareAsyncExpand(&context_, request_,
                                                                      queue_.queue());
    stream_->StartCall(queue_.Tag());
    if (queue_.Await(Patience())) ReadAll(unwritten);
    grpc::Status status;
    stream_->Finish(&status, queue_.Tag());
    queue_.Await(Patience());
    status = AfterTimeout(status, queue_.timed_out(), Patience());
    status = WithConnection(status, sending_.options->call,
                            sending_.connection->client().channel().get());
    const CallEnd end = {.status = status, .context = context_, .took = MonotonicNow() - begin_};
    unwritten->Update(sending_.replies->End(end));
    return status;
  }

 private:
  void ReadAll(absl::Status* unwritten) {
    for (int64_t sequence = 1;; ++sequence) {
      stream_->Read(&response_, queue_.Tag());
      if (!queue_.Await(Patience())) return;
      const Reply reply = {.message = response_.message(),
                           .payload = response_.payload(),
                           .took = MonotonicNow() - begin_,
                           .sequence = sequence};
      unwritten->Update(sending_.replies->Add(reply));
      // It came by itself, so that somebody may be waiting for it.
      if (sending_.options->interval.has_value()) unwritten->Update(sending_.replies->Flush());
      if (!unwritten->ok()) context_.TryCancel();
    }
  }

  absl::Duration Patience() const {
    return sending_.options->call.timeout +
           sending_.options->interval.value_or(absl::ZeroDuration());
  }

  const Sending& sending_;
  const MonotonicTime begin_ = MonotonicNow();
  grpc::ClientContext context_;
  v1::ExpandRequest request_;
  v1::EchoResponse response_;
  TimedQueue queue_{&context_};
  std::unique_ptr<grpc::ClientAsyncReader<v1::EchoResponse>> stream_;
};

Outcome ExpandOne(const Sending& sending, absl::string_view message, absl::Status* unwritten) {
  if (const absl::Status status = EnsureConnection(sending); !status.ok()) {
    return ConnectError(status);
  }
  const grpc::Status status = ExpandCall(sending, message).Run(unwritten);
  sending.connection->CallEnded(status);
  return CallOutcome("Expand", sending.address, status);
}

}  // namespace

Outcome SendExpand(const Sending& sending) {
  AwaitedSource source(sending.source, sending.interrupt);
  Outcome outcome;
  absl::Status unwritten;
  while (const std::optional<absl::string_view> message = source.Await()) {
    outcome = ExpandOne(sending, *message, &unwritten);
    if (!source.HasNext() || sending.tell) unwritten.Update(sending.replies->Flush());
    if (!unwritten.ok() || sending.interrupt->triggered()) break;
    if (!outcome.ok() && !sending.tell) break;
    sending.CountEnd();
    if (!outcome.ok()) sending.tell(std::exchange(outcome, {}).error);
  }
  unwritten.Update(sending.replies->Flush());
  if (!unwritten.ok()) return OutputError(unwritten);
  if (sending.interrupt->triggered()) return Interrupted();
  if (!outcome.ok()) return outcome;
  return sending.source->outcome();
}

}  // namespace udsecho::client
