// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <memory>
#include <optional>

#include "absl/time/clock.h"
#include "client/awaited_source.h"
#include "client/call_context.h"
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
    stream_ = sending_.client->stub().PrepareAsyncExpand(&context_, request_, queue_.queue());
    stream_->StartCall(queue_.Tag());
    if (queue_.Await(Patience())) ReadAll(unwritten);
    grpc::Status status;
    stream_->Finish(&status, queue_.Tag());
    queue_.Await(Patience());
    if (queue_.timed_out()) {
      status = grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED,
                            absl::StrCat("no reply within ", absl::FormatDuration(Patience())));
    }
    const CallEnd end = {.status = status, .context = context_, .took = absl::Now() - begin_};
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
                           .took = absl::Now() - begin_,
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
  const absl::Time begin_ = absl::Now();
  grpc::ClientContext context_;
  v1::ExpandRequest request_;
  v1::EchoResponse response_;
  TimedQueue queue_{&context_};
  std::unique_ptr<grpc::ClientAsyncReader<v1::EchoResponse>> stream_;
};

}  // namespace

Outcome SendExpand(const Sending& sending) {
  AwaitedSource source(sending.source, sending.interrupt);
  grpc::Status status;
  absl::Status unwritten;
  while (const std::optional<absl::string_view> message = source.Await()) {
    status = ExpandCall(sending, *message).Run(&unwritten);
    if (!source.HasNext()) unwritten.Update(sending.replies->Flush());
    if (!status.ok() || !unwritten.ok() || sending.interrupt->triggered()) break;
  }
  unwritten.Update(sending.replies->Flush());
  if (!unwritten.ok()) return OutputError(unwritten);
  if (sending.interrupt->triggered()) return Interrupted();
  if (!status.ok()) return CallOutcome("Expand", sending.address, status);
  return sending.source->outcome();
}

}  // namespace udsecho::client
