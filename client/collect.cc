// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/collect.h"

#include <memory>
#include <optional>

#include "client/awaited_source.h"
#include "client/call_context.h"
#include "client/monotonic.h"
#include "client/timed_queue.h"

namespace udsecho::client {
namespace {

class CollectCall {
 public:
  explicit CollectCall(const Sending& sending)
      : sending_(sending), source_(sending.source, sending.interrupt) {
    SetUp(sending.options->call, &context_);
  }

  Outcome Run();

 private:
  bool SendAll();
  bool Pause();
  absl::Duration Patience() const { return sending_.options->call.timeout; }
  Outcome Print(const grpc::Status& status);

  const Sending& sending_;
  AwaitedSource source_;
  const MonotonicTime begin_ = MonotonicNow();
  MonotonicTime next_ = begin_;
  grpc::ClientContext context_;
  v1::EchoRequest request_;
  v1::CollectResponse response_;
  TimedQueue queue_{&context_};
  std::unique_ptr<grpc::ClientAsyncWriter<v1::EchoRequest>> stream_;
};

Outcome CollectCall::Run() {
  if (const absl::Status ready = EnsureConnection(sending_); !ready.ok())
    return ConnectError(ready);
  stream_ = sending_.connection->client().stub().PrepareAsyncCollect(&context_, &response_,
                                                                     queue_.queue());
  stream_->StartCall(queue_.Tag());
  if (queue_.Await(Patience()) && SendAll()) {
    const InterruptedBy scope(sending_.interrupt, &context_);
    stream_->WritesDone(queue_.Tag());
    queue_.Await(Patience());
  }
  if (!sending_.source->outcome().ok()) context_.TryCancel();
  const InterruptedBy scope(sending_.interrupt, &context_);
  grpc::Status status;
  stream_->Finish(&status, queue_.Tag());
  queue_.Await(Patience());
  sending_.connection->CallEnded(status);
  if (sending_.interrupt->triggered()) return Interrupted();
  if (!sending_.source->outcome().ok()) return sending_.source->outcome();
  status = AfterTimeout(status, queue_.timed_out(), Patience());
  return Print(status);
}

// Whether there is an answer to wait for.
bool CollectCall::SendAll() {
  bool first = true;
  while (const std::optional<absl::string_view> message = source_.Await()) {
    sending_.requests->FillEcho(*message, &request_);
    // It counts messages from its own on, and a later one would take its place.
    if (!first) request_.clear_fault();
    first = false;
    if (!Pause()) break;
    const InterruptedBy scope(sending_.interrupt, &context_);
    grpc::WriteOptions how;
    if (source_.HasNext()) how.set_buffer_hint();
    stream_->Write(request_, how, queue_.Tag());
    if (!queue_.Await(Patience())) return false;
  }
  if (sending_.interrupt->triggered()) context_.TryCancel();
  return sending_.source->outcome().ok() && !sending_.interrupt->triggered();
}

bool CollectCall::Pause() {
  if (!sending_.options->interval.has_value()) return true;
  if (!sending_.interrupt->SleepUntil(next_)) return false;
  next_ = MonotonicNow() + *sending_.options->interval;
  return true;
}

Outcome CollectCall::Print(const grpc::Status& status) {
  const Reply reply = {.message = response_.message(),
                       .payload = response_.payload(),
                       .took = MonotonicNow() - begin_,
                       .sequence = 1,
                       .collected = &response_};
  const CallEnd end = {.status = status, .context = context_, .took = reply.took};
  absl::Status written = sending_.replies->Whole(status.ok() ? &reply : nullptr, end);
  written.Update(sending_.replies->Flush());
  if (!written.ok()) return OutputError(written);
  return CallOutcome("Collect", sending_.address, status);
}

}  // namespace

Outcome SendCollect(const Sending& sending) { return CollectCall(sending).Run(); }

}  // namespace udsecho::client
