// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/chat.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "client/call_context.h"
#include "client/monotonic.h"
#include "grpcpp/alarm.h"

namespace udsecho::client {
namespace {

gpr_timespec Now() { return gpr_inf_past(GPR_CLOCK_MONOTONIC); }

constexpr MonotonicTime kNever = absl::InfiniteDuration();

// What a ping carries on from one stream to the next.
struct Pace {
  int64_t sent = 0;
  MonotonicTime due = MonotonicNow();  // the next message, with an interval
};

// One stream, driven by one thread: all that happens arrives in one queue.
class Session {
 public:
  Session(const Sending& sending, Pace* pace)
      : sending_(sending),
        source_(*sending.source),
        replies_(*sending.replies),
        pace_(*pace),
        sent_before_(pace->sent) {
    SetUp(sending.options->call, &context_);
    stream_ = sending.connection->client().stub().PrepareAsyncChat(&context_, &queue_);
  }
  ~Session();

  // `unwritten`: why the output cannot be written, if it cannot.
  Outcome Run(absl::Status* unwritten);

 private:
  // What has come to an end: the queue's tags, and kDue, which is a time. (It is no grpc::Alarm: those
  // wait by the wall clock.)
  enum class Event : intptr_t { kStarted = 1, kInput, kDue, kWritten, kRead, kFinished };

  static void* Tag(Event event) { return reinterpret_cast<void*>(event); }
  static Event EventOf(void* tag) { return static_cast<Event>(reinterpret_cast<intptr_t>(tag)); }

  std::optional<Event> NextEvent(bool* ok);
  std::optional<Event> AwaitEvent(bool* ok);
  void Handle(Event event, bool ok);
  void HandleReply(bool ok);
  void HandleTimeout();
  void RestartDeadline();

  void SendMore();
  void Send(absl::string_view message);
  bool IsDue();

  void Check(const absl::Status& output_status);
  Outcome Result();
  bool TellLosses();
  std::string Overdue() const;
  int64_t answered() const { return sent_ - static_cast<int64_t>(sent_at_.size()); }

  const Sending& sending_;
  MessageSource& source_;
  Replies& replies_;
  Pace& pace_;
  const int64_t sent_before_;  // over other streams
  absl::Status output_status_;
  const MonotonicTime begin_ = MonotonicNow();

  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<EchoClient::ChatStream> stream_;
  v1::EchoRequest request_;
  v1::EchoResponse response_;
  grpc::Status status_;  // once finished_

  bool writing_ = true;        // the start, a line or the half-close is under way: one at a time
  bool half_closed_ = false;   // we have nothing more to say
  bool stream_ended_ = false;  // the server has nothing more to say, or does not listen
  bool read_ended_ = false;    // no further reply comes
  bool timed_out_ = false;
  bool finished_ = false;

  int64_t sent_ = 0;
  // Of those that are not answered yet. Flow control bounds it.
  std::deque<MonotonicTime> sent_at_;
  MonotonicTime deadline_ = kNever;  // for the reply that is due next

  bool waits_until_due_ = false;
  grpc::Alarm input_alarm_;
};

Session::~Session() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

Outcome Session::Run(absl::Status* unwritten) {
  const InterruptedBy scope(sending_.interrupt, &context_);
  stream_->StartCall(Tag(Event::kStarted));
  source_.Start([this] { input_alarm_.Set(&queue_, Now(), Tag(Event::kInput)); });
  while (!finished_) {
    bool ok = false;
    if (const std::optional<Event> event = NextEvent(&ok)) {
      Handle(*event, ok);
    } else {
      HandleTimeout();
    }
  }
  source_.Stop();
  const Outcome outcome = Result();
  *unwritten = output_status_;
  return outcome;
}

// Nothing when a reply is overdue.
std::optional<Session::Event> Session::NextEvent(bool* ok) {
  if (!replies_.empty()) {
    void* tag = nullptr;
    if (queue_.AsyncNext(&tag, ok, Now()) != grpc::CompletionQueue::TIMEOUT) return EventOf(tag);
    // Nothing waits behind what was printed, but somebody may be waiting for it.
    Check(replies_.Flush());
  }
  return AwaitEvent(ok);
}

std::optional<Session::Event> Session::AwaitEvent(bool* ok) {
  while (true) {
    void* tag = nullptr;
    const MonotonicTime until = std::min(deadline_, waits_until_due_ ? pace_.due : kNever);
    const auto next = queue_.AsyncNext(&tag, ok, DeadlineAfter(until - MonotonicNow()));
    if (next != grpc::CompletionQueue::TIMEOUT) return EventOf(tag);
    const MonotonicTime now = MonotonicNow();
    if (now >= deadline_) return std::nullopt;
    if (waits_until_due_ && now >= pace_.due) return Event::kDue;
  }
}

void Session::Handle(Event event, bool ok) {
  switch (event) {
    case Event::kStarted:
      writing_ = false;
      stream_->Read(&response_, Tag(Event::kRead));
      break;
    case Event::kInput:
      source_.Wake();
      break;
    case Event::kDue:
      waits_until_due_ = false;
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

void Session::HandleReply(bool ok) {
  if (!ok) {
    stream_ended_ = read_ended_ = true;
    return;
  }
  // A reply to nothing comes from a server that is not ours.
  absl::Duration took;
  if (!sent_at_.empty()) {
    took = MonotonicNow() - sent_at_.front();
    sent_at_.pop_front();
    sending_.CountEnd();
  }
  Check(replies_.Add({.message = response_.message(),
                      .payload = response_.payload(),
                      .took = took,
                      .sequence = sent_before_ + answered()}));
  // Only now: the time that our own reader took is not the server's.
  RestartDeadline();
  stream_->Read(&response_, Tag(Event::kRead));
}

void Session::HandleTimeout() {
  timed_out_ = true;
  deadline_ = kNever;
  context_.TryCancel();  // which ends the stream, and so what is under way
}

void Session::RestartDeadline() {
  const bool due = half_closed_ || !sent_at_.empty();
  if (timed_out_) return;
  deadline_ = due ? MonotonicNow() + sending_.options->call.timeout : kNever;
}

void Session::SendMore() {
  if (writing_ || half_closed_ || stream_ended_ || !IsDue()) return;
  if (const std::optional<absl::string_view> message = source_.Next()) {
    Send(*message);
  } else if (source_.ended()) {
    writing_ = half_closed_ = true;
    if (sent_at_.empty()) RestartDeadline();
    stream_->WritesDone(Tag(Event::kWritten));
  }
}

// With an interval: whether it has passed. If not, there will be an event.
bool Session::IsDue() {
  if (!sending_.options->interval.has_value()) return true;
  waits_until_due_ = MonotonicNow() < pace_.due;
  return !waits_until_due_;
}

void Session::Send(absl::string_view message) {
  sending_.requests->FillEcho(message, &request_);
  // It counts messages from its own on, and a later one would take its place.
  if (sent_ > 0) request_.clear_fault();
  writing_ = true;
  ++sent_;
  ++pace_.sent;
  const MonotonicTime now = MonotonicNow();
  sent_at_.push_back(now);
  if (sent_at_.size() == 1) RestartDeadline();
  if (replies_.statistics() != nullptr) replies_.statistics()->Sent();
  grpc::WriteOptions how;
  if (sending_.options->interval.has_value()) {
    pace_.due = std::max(pace_.due + *sending_.options->interval, now);
  } else if (source_.HasNext()) {
    // The next one follows at once, and may travel in the same segment.
    how.set_buffer_hint();
  }
  stream_->Write(request_, how, Tag(Event::kWritten));
}

void Session::Check(const absl::Status& output_status) {
  if (output_status.ok() || !output_status_.ok()) return;
  output_status_ = output_status;
  context_.TryCancel();
}

Outcome Session::Result() {
  if (timed_out_ && status_.error_code() == grpc::StatusCode::CANCELLED) {
    status_ = grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, Overdue());
  }
  const bool cut_short = !sent_at_.empty() || !half_closed_;
  const grpc::Status ended_with = status_;
  sending_.connection->CallEnded(status_);
  if (status_.ok() && source_.outcome().ok() && cut_short) {
    status_ = grpc::Status(grpc::StatusCode::UNAVAILABLE,
                           absl::StrCat("the server ended the stream early, after ", answered(),
                                        " of ", sent_, " lines sent; send the others again"));
  }
  if (output_status_.ok() && !sending_.interrupt->triggered()) {
    const CallEnd end = {
        .status = ended_with, .context = context_, .took = MonotonicNow() - begin_};
    // A failure is one line: that of what was lost by it, if there is such.
    if (!TellLosses()) Check(replies_.End(end));
  }
  if (output_status_.ok()) Check(replies_.Flush());
  // A stream that fails at once is not opened again at once.
  if (sent_ == 0) pace_.due += sending_.options->interval.value_or(absl::ZeroDuration());
  if (status_.ok() && !source_.outcome().ok()) return source_.outcome();
  return CallOutcome("Chat", sending_.address, status_);
}

// Of a ping: what is not answered by now never will be. Whether there was such.
bool Session::TellLosses() {
  if (status_.ok() || replies_.statistics() == nullptr) return false;
  int64_t sequence = sent_before_ + answered();
  for (const MonotonicTime sent_at : sent_at_) {
    Check(replies_.Lost(++sequence, status_, MonotonicNow() - sent_at));
  }
  return !sent_at_.empty();
}

std::string Session::Overdue() const {
  const std::string what = !sent_at_.empty() ? absl::StrCat("no reply to line ", answered() + 1)
                                             : "all lines are answered, but the stream did not end";
  return absl::StrCat(what, " within ", absl::FormatDuration(sending_.options->call.timeout));
}

// A message of a ping that found nobody there.
absl::Status LoseOne(const Sending& sending, const absl::Status& why, Pace* pace) {
  if (!sending.source->Next().has_value()) return absl::OkStatus();
  sending.replies->statistics()->Sent();
  pace->due = MonotonicNow() + *sending.options->interval;
  absl::Status status =
      sending.replies->Lost(++pace->sent, WithoutConnection(why), absl::ZeroDuration());
  status.Update(sending.replies->Flush());
  return status;
}

// Over one stream.
Outcome ChatOnce(const Sending& sending, Pace* pace, absl::Status* unwritten) {
  if (const absl::Status ready = EnsureConnection(sending); !ready.ok()) {
    if (sending.replies->statistics() != nullptr) unwritten->Update(LoseOne(sending, ready, pace));
    return ConnectError(ready);
  }
  return Session(sending, pace).Run(unwritten);
}

// A ping does, when its stream has failed.
bool GoesOn(const Sending& sending) {
  return sending.replies->statistics() != nullptr && sending.source->restarts() &&
         !sending.source->ended() && !sending.interrupt->triggered();
}

}  // namespace

Outcome Chat(const Sending& sending) {
  Pace pace;
  Outcome failure;         // the first
  absl::Status unwritten;  // why the output cannot be written
  bool goes_on = true;
  while (goes_on) {
    const Outcome outcome = ChatOnce(sending, &pace, &unwritten);
    if (failure.ok()) failure = outcome;
    goes_on = !outcome.ok() && unwritten.ok() && GoesOn(sending) &&
              sending.interrupt->SleepUntil(pace.due);
  }
  if (unwritten.ok()) unwritten.Update(sending.replies->Summary());
  if (unwritten.ok()) unwritten.Update(sending.replies->Flush());
  if (!unwritten.ok()) return OutputError(unwritten);
  if (sending.interrupt->triggered()) return Interrupted();
  return failure;
}

}  // namespace udsecho::client
