// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/unary.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "client/awaited_source.h"
#include "client/call_context.h"
#include "client/monotonic.h"
#include "client/timed_queue.h"

namespace udsecho::client {
namespace {

class UnarySender {
 public:
  explicit UnarySender(const Sending& sending)
      : sending_(sending), source_(sending.source, sending.interrupt) {}

  Outcome Run();

 private:
  // Whether to go on.
  bool Send(absl::string_view message);
  bool Call(absl::string_view message);
  bool Failed(const Outcome& outcome);
  bool Print(const absl::Status& status);
  bool Pause();
  v1::Echo::Stub& stub() const { return sending_.connection->client().stub(); }
  bool IsPing() const { return sending_.replies->statistics() != nullptr; }

  const Sending& sending_;
  AwaitedSource source_;
  TimedQueue queue_{nullptr};
  v1::EchoRequest request_;
  v1::EchoResponse response_;
  int64_t sent_ = 0;
  MonotonicTime next_ = -absl::InfiniteDuration();

  Outcome failure_;         // the first call that failed
  absl::Status unwritten_;  // why the output cannot be written
};

Outcome UnarySender::Run() {
  while (const std::optional<absl::string_view> message = source_.Await()) {
    if (!Pause() || !Send(*message)) break;
  }
  if (unwritten_.ok()) Print(sending_.replies->Summary());
  Print(sending_.replies->Flush());
  if (!unwritten_.ok()) return OutputError(unwritten_);
  if (sending_.interrupt->triggered()) return Interrupted();
  if (!failure_.ok()) return failure_;
  return sending_.source->outcome();
}

bool UnarySender::Send(absl::string_view message) {
  ++sent_;
  if (IsPing()) sending_.replies->statistics()->Sent();
  if (const absl::Status status = EnsureConnection(sending_); status.ok()) {
    if (!Call(message)) return false;
  } else {
    const grpc::Status lost = WithoutConnection(status);
    if (!Print(sending_.replies->Lost(sent_, lost, absl::ZeroDuration()))) return false;
    if (!Failed(ConnectError(status))) return false;
  }
  sending_.CountEnd();
  // More at once, and nobody waits: then the replies go out in blocks.
  return source_.HasNext() && !IsPing() ? true : Print(sending_.replies->Flush());
}

bool UnarySender::Call(absl::string_view message) {
  const absl::Duration timeout = sending_.options->call.timeout;
  sending_.requests->FillEcho(message, &request_);
  grpc::ClientContext context;
  SetUp(sending_.options->call, &context);
  context.set_deadline(DeadlineAfter(timeout));
  queue_.Watch(&context);
  const MonotonicTime begin = MonotonicNow();
  grpc::Status status;
  {
    const InterruptedBy scope(sending_.interrupt, &context);
    status = FinishWithin(timeout, stub().PrepareAsyncEcho(&context, request_, queue_.queue()),
                          &queue_, &response_);
  }
  status =
      WithConnection(status, sending_.options->call, sending_.connection->client().channel().get());
  if (sending_.interrupt->triggered()) return false;
  const Reply reply = {.message = response_.message(),
                       .payload = response_.payload(),
                       .took = MonotonicNow() - begin,
                       .sequence = sent_};
  const CallEnd end = {.status = status, .context = context, .took = reply.took};
  if (!Print(sending_.replies->Whole(status.ok() ? &reply : nullptr, end))) return false;
  sending_.connection->CallEnded(status);
  return status.ok() || Failed(CallOutcome("Echo", sending_.address, status));
}

// The next call may be better, if it is a ping or somebody looks on.
bool UnarySender::Failed(const Outcome& outcome) {
  if (failure_.ok() && !sending_.tell) failure_ = outcome;
  if (!sending_.tell) return IsPing();
  if (!Print(sending_.replies->Flush())) return false;
  sending_.tell(outcome.error);
  return true;
}

bool UnarySender::Print(const absl::Status& status) {
  unwritten_.Update(status);
  return unwritten_.ok();
}

// Until the next message is due.
bool UnarySender::Pause() {
  if (!sending_.options->interval.has_value()) return !sending_.interrupt->triggered();
  const MonotonicTime now = MonotonicNow();
  next_ = std::max(next_, now);
  if (next_ > now && !sending_.interrupt->SleepUntil(next_)) return false;
  next_ += *sending_.options->interval;
  return !sending_.interrupt->triggered();
}

}  // namespace

Outcome SendUnary(const Sending& sending) { return UnarySender(sending).Run(); }

}  // namespace udsecho::client
