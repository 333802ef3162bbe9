// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/call/stream_call.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/awaited_source.h"
#include "client/call_context.h"
#include "client/echo_client.h"
#include "client/monotonic.h"
#include "client/timed_queue.h"
#include "grpcpp/alarm.h"
#include "grpcpp/generic/generic_stub.h"

namespace udsecho::client {
namespace {

constexpr MonotonicTime kNever = absl::InfiniteDuration();

gpr_timespec AtOnce() { return gpr_inf_past(GPR_CLOCK_MONOTONIC); }

// One call, driven by one thread: all that happens arrives in one queue.
class StreamCall {
 public:
  explicit StreamCall(const Calling& calling) : calling_(calling) {
    SetUp(calling.options->call, &context_);
    stream_ = grpc::GenericStub(calling.channel).PrepareCall(&context_, calling.path, &queue_);
  }
  ~StreamCall();
  StreamCall(const StreamCall&) = delete;
  StreamCall& operator=(const StreamCall&) = delete;

  // With the messages of the source, or with this one alone.
  Outcome Run(std::optional<absl::string_view> only);

 private:
  enum class Event : intptr_t { kStarted = 1, kInput, kWritten, kRead, kFinished };

  static void* Tag(Event event) { return reinterpret_cast<void*>(event); }

  std::optional<Event> NextEvent(bool* ok);
  void Handle(Event event, bool ok);
  void HandleReply(bool ok);
  void RestartDeadline();
  void SendMore();
  void Send(absl::string_view message, bool last);
  void HalfClose();
  void GiveUp(Outcome outcome);
  Outcome Result();

  const Calling& calling_;
  std::optional<absl::string_view> only_;
  const MonotonicTime begin_ = MonotonicNow();
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer response_;
  grpc::Status status_;  // once finished_

  bool writing_ = true;        // the start, a message or the half-close is under way: one at a time
  bool half_closed_ = false;   // we have nothing more to say
  bool stream_ended_ = false;  // the server does not listen any more
  bool read_ended_ = false;    // no further reply comes
  bool timed_out_ = false;
  bool finished_ = false;

  int64_t sent_ = 0;
  int64_t replies_ = 0;
  MonotonicTime deadline_ = kNever;  // for the reply that is due next
  grpc::Alarm input_alarm_;
  Outcome given_up_;  // why, if it was
};

StreamCall::~StreamCall() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

Outcome StreamCall::Run(std::optional<absl::string_view> only) {
  const InterruptedBy scope(calling_.interrupt, &context_);
  only_ = only;
  stream_->StartCall(Tag(Event::kStarted));
  if (!only.has_value()) {
    calling_.source->Start([this] { input_alarm_.Set(&queue_, AtOnce(), Tag(Event::kInput)); });
  }
  while (!finished_) {
    bool ok = false;
    if (const std::optional<Event> event = NextEvent(&ok)) {
      Handle(*event, ok);
    } else {
      timed_out_ = true;
      deadline_ = kNever;
      context_.TryCancel();  // which ends what is under way
    }
  }
  if (!only.has_value()) calling_.source->Stop();
  return Result();
}

// Nothing when a reply is overdue.
std::optional<StreamCall::Event> StreamCall::NextEvent(bool* ok) {
  void* tag = nullptr;
  if (!calling_.traffic->empty()) {
    if (queue_.AsyncNext(&tag, ok, AtOnce()) != grpc::CompletionQueue::TIMEOUT) {
      return static_cast<Event>(reinterpret_cast<intptr_t>(tag));
    }
    // Nothing waits behind what was shown, but somebody may be waiting for it.
    if (absl::Status status = calling_.traffic->Flush(); !status.ok()) {
      GiveUp(TrafficError(calling_, status));
    }
  }
  const auto next = queue_.AsyncNext(&tag, ok, DeadlineAfter(deadline_ - MonotonicNow()));
  if (next == grpc::CompletionQueue::TIMEOUT) return std::nullopt;
  return static_cast<Event>(reinterpret_cast<intptr_t>(tag));
}

void StreamCall::Handle(Event event, bool ok) {
  switch (event) {
    case Event::kStarted:
      writing_ = false;
      RestartDeadline();
      stream_->Read(&response_, Tag(Event::kRead));
      break;
    case Event::kInput:
      calling_.source->Wake();
      break;
    case Event::kWritten:
      writing_ = false;
      if (!ok) stream_ended_ = true;
      break;
    case Event::kRead:
      HandleReply(ok);
      break;
    case Event::kFinished:
      finished_ = true;
      return;
  }
  if (read_ended_ && !writing_) {
    writing_ = true;
    stream_->Finish(&status_, Tag(Event::kFinished));
  }
  SendMore();
}

void StreamCall::HandleReply(bool ok) {
  if (!ok) {
    stream_ended_ = read_ended_ = true;
    return;
  }
  if (given_up_.ok()) {
    const std::string bytes = FromBuffer(response_);
    const absl::Status shown = calling_.traffic->Reply(
        {.bytes = bytes, .took = MonotonicNow() - begin_, .sequence = ++replies_});
    if (!shown.ok()) GiveUp(TrafficError(calling_, shown));
  }
  // Only now: the time that our own reader took is not the server's.
  RestartDeadline();
  stream_->Read(&response_, Tag(Event::kRead));
}

void StreamCall::RestartDeadline() {
  const bool is_limited = calling_.one_reply ? half_closed_ : calling_.options->call.limits_streams;
  if (timed_out_ || !is_limited) return;
  deadline_ = MonotonicNow() + calling_.options->call.timeout;
}

void StreamCall::SendMore() {
  if (writing_ || half_closed_ || stream_ended_ || !given_up_.ok()) return;
  if (only_.has_value()) return sent_ == 0 ? Send(*only_, true) : HalfClose();
  if (const std::optional<absl::string_view> message = calling_.source->Next()) {
    Send(*message, false);
  } else if (calling_.source->ended()) {
    // One answer to a part of what was meant is no answer.
    const Outcome& ended = calling_.source->outcome();
    calling_.one_reply && !ended.ok() ? GiveUp(ended) : HalfClose();
  }
}

void StreamCall::Send(absl::string_view message, bool last) {
  ++sent_;
  const absl::StatusOr<std::string> request = calling_.traffic->Request(message);
  if (!request.ok()) {
    return GiveUp(UsageError(absl::StrCat("message ", sent_, ": ", request.status().message(),
                                          "; it and what follows were not sent")));
  }
  writing_ = true;
  grpc::WriteOptions how;
  // The next one, or the half-close, follows at once and may travel in the same segment.
  if (last || calling_.source->HasNext()) how.set_buffer_hint();
  stream_->Write(ToBuffer(*request), how, Tag(Event::kWritten));
}

void StreamCall::HalfClose() {
  writing_ = half_closed_ = true;
  RestartDeadline();
  stream_->WritesDone(Tag(Event::kWritten));
}

void StreamCall::GiveUp(Outcome outcome) {
  if (!given_up_.ok()) return;
  given_up_ = std::move(outcome);
  context_.TryCancel();
}

Outcome StreamCall::Result() {
  status_ = AfterTimeout(status_, timed_out_, calling_.options->call.timeout);
  if (calling_.interrupt->triggered()) return Interrupted();
  if (given_up_.ok() && calling_.source->outcome().ok()) {
    const CallEnd end = {.status = status_, .context = context_, .took = MonotonicNow() - begin_};
    if (absl::Status shown = calling_.traffic->End(end); !shown.ok()) {
      given_up_ = TrafficError(calling_, shown);
    }
  }
  if (absl::Status shown = calling_.traffic->Flush(); !shown.ok()) {
    return TrafficError(calling_, shown);
  }
  if (!given_up_.ok()) return given_up_;
  if (status_.ok()) return calling_.source->outcome();
  return CallOutcome(calling_.name, calling_.address, status_);
}

}  // namespace

Outcome StreamAll(const Calling& calling) { return StreamCall(calling).Run(std::nullopt); }

Outcome StreamEach(const Calling& calling) {
  AwaitedSource source(calling.source, calling.interrupt);
  while (const std::optional<absl::string_view> message = source.Await()) {
    const Outcome outcome = StreamCall(calling).Run(message);
    if (!outcome.ok()) return outcome;
  }
  if (calling.interrupt->triggered()) return Interrupted();
  return calling.source->outcome();
}

}  // namespace udsecho::client
