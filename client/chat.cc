// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/chat.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/utf8.h"
#include "client/block_reader.h"
#include "client/line_splitter.h"
#include "grpcpp/alarm.h"

namespace udsecho::client {
namespace {

// One stream, driven by one thread: all that happens arrives in one queue.
class Session {
 public:
  Session(EchoClient* client, ChatOptions options, int input_fd, Output* output, Progress* progress)
      : options_(std::move(options)),
        output_(*output),
        progress_(*progress),
        stream_(client->PrepareChat(&context_, &queue_)),
        input_(std::make_unique<BlockReader>(input_fd, [this] { WakeForInput(); })) {}
  ~Session();

  Outcome Run();

 private:
  // What has come to an end: the queue's tags.
  enum class Event : intptr_t { kStarted = 1, kInput, kWritten, kRead, kFinished };

  static void* Tag(Event event) { return reinterpret_cast<void*>(event); }

  void WakeForInput() {
    input_alarm_.Set(&queue_, gpr_inf_past(GPR_CLOCK_MONOTONIC), Tag(Event::kInput));
  }

  std::optional<Event> NextEvent(bool* ok);
  void Handle(Event event, bool ok);
  void HandleReply(bool ok);
  void HandleTimeout();
  void RestartDeadline();

  void SendMore();
  void Send(absl::string_view line);
  std::optional<absl::string_view> NextLine();
  std::optional<absl::string_view> Checked(absl::string_view line);
  void TakeBlock();
  void EndInput(Outcome outcome);

  void Check(const absl::Status& output_status);
  Outcome Result() const;
  std::string Overdue() const;

  const ChatOptions options_;
  Output& output_;
  Progress& progress_;
  absl::Status output_status_;

  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<EchoClient::ChatStream> stream_;
  v1::EchoRequest request_;
  v1::EchoResponse response_;
  grpc::Status status_;  // once finished_

  LineSplitter lines_;
  bool block_ready_ = false;  // input_->Take() may be called
  bool input_ended_ = false;
  Outcome input_outcome_;  // not OK: why the input ended before its end

  bool writing_ = true;        // the start, a line or the half-close is under way: one at a time
  bool half_closed_ = false;   // we have nothing more to say
  bool stream_ended_ = false;  // the server has nothing more to say, or does not listen
  bool read_ended_ = false;    // no further reply comes
  bool timed_out_ = false;
  bool finished_ = false;

  int64_t sent_ = 0;
  int64_t answered_ = 0;
  gpr_timespec deadline_ = gpr_inf_future(GPR_CLOCK_MONOTONIC);  // for what is due next

  grpc::Alarm input_alarm_;
  std::unique_ptr<BlockReader> input_;  // last: its thread uses the alarm and the queue
};

Session::~Session() {
  input_.reset();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

Outcome Session::Run() {
  stream_->StartCall(Tag(Event::kStarted));
  while (!finished_) {
    bool ok = false;
    if (const std::optional<Event> event = NextEvent(&ok)) {
      Handle(*event, ok);
    } else {
      HandleTimeout();
    }
  }
  Check(output_.Flush());
  return Result();
}

// Nothing when a reply is overdue.
std::optional<Session::Event> Session::NextEvent(bool* ok) {
  void* tag = nullptr;
  auto next = grpc::CompletionQueue::TIMEOUT;
  if (!output_.empty()) {
    next = queue_.AsyncNext(&tag, ok, gpr_inf_past(GPR_CLOCK_MONOTONIC));
    // Nothing waits behind what was printed, but somebody may be waiting for it.
    if (next == grpc::CompletionQueue::TIMEOUT) Check(output_.Flush());
  }
  if (next == grpc::CompletionQueue::TIMEOUT) next = queue_.AsyncNext(&tag, ok, deadline_);
  if (next == grpc::CompletionQueue::TIMEOUT) return std::nullopt;
  return static_cast<Event>(reinterpret_cast<intptr_t>(tag));
}

void Session::Handle(Event event, bool ok) {
  switch (event) {
    case Event::kStarted:
      writing_ = false;
      stream_->Read(&response_, Tag(Event::kRead));
      break;
    case Event::kInput:
      block_ready_ = true;
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
  ++answered_;
  Check(output_.AddLine(response_.message()));
  progress_.GotBack(response_.message());
  // Only now: the time that our own reader took is not the server's.
  RestartDeadline();
  stream_->Read(&response_, Tag(Event::kRead));
}

void Session::HandleTimeout() {
  timed_out_ = true;
  deadline_ = gpr_inf_future(GPR_CLOCK_MONOTONIC);
  context_.TryCancel();  // which ends the stream, and so what is under way
}

void Session::RestartDeadline() {
  const bool due = half_closed_ || answered_ < sent_;
  if (timed_out_) return;
  deadline_ = due ? DeadlineAfter(options_.timeout) : gpr_inf_future(GPR_CLOCK_MONOTONIC);
}

void Session::SendMore() {
  if (writing_ || half_closed_ || stream_ended_) return;
  if (const std::optional<absl::string_view> line = NextLine()) {
    Send(*line);
  } else if (input_ended_) {
    writing_ = half_closed_ = true;
    if (sent_ == answered_) RestartDeadline();
    stream_->WritesDone(Tag(Event::kWritten));
  }
}

void Session::Send(absl::string_view line) {
  request_.mutable_message()->assign(line.data(), line.size());
  writing_ = true;
  if (sent_++ == answered_) RestartDeadline();
  grpc::WriteOptions how;
  // The next one follows at once, and may travel in the same segment.
  if (lines_.HasNext()) how.set_buffer_hint();
  stream_->Write(request_, how, Tag(Event::kWritten));
}

// Nothing while the input has no line yet, and after its end.
std::optional<absl::string_view> Session::NextLine() {
  while (input_outcome_.ok()) {
    if (const std::optional<absl::string_view> line = lines_.Next()) return Checked(*line);
    if (input_ended_) {
      const std::optional<absl::string_view> last = lines_.Last();
      return last.has_value() ? Checked(*last) : std::nullopt;
    }
    if (!block_ready_) return std::nullopt;
    TakeBlock();
  }
  return std::nullopt;
}

std::optional<absl::string_view> Session::Checked(absl::string_view line) {
  const size_t bad = cli::FindInvalidUtf8(line);
  if (bad == absl::string_view::npos) return line;
  EndInput(UsageError(absl::StrCat("standard input: line ", sent_ + 1, " is not UTF-8 at its byte ",
                                   bad + 1, "; it and what follows were not sent")));
  return std::nullopt;
}

void Session::TakeBlock() {
  block_ready_ = false;
  const absl::StatusOr<std::string> block = input_->Take();
  if (!block.ok()) {
    EndInput(LocalIoError(absl::StrCat("standard input: ", block.status().message())));
  } else if (block->empty()) {
    input_ended_ = true;
  } else {
    lines_.Add(*block);
  }
  if (lines_.pending() > kMaxLine && !lines_.HasNext()) {
    EndInput(UsageError(absl::StrCat("standard input: line ", sent_ + 1, " is longer than ",
                                     kMaxLine, " bytes; it and what follows were not sent")));
  }
}

void Session::EndInput(Outcome outcome) {
  input_ended_ = true;
  input_outcome_ = std::move(outcome);
}

void Session::Check(const absl::Status& output_status) {
  if (output_status.ok() || !output_status_.ok()) return;
  output_status_ = output_status;
  context_.TryCancel();
}

Outcome Session::Result() const {
  if (!output_status_.ok()) {
    return LocalIoError(absl::StrCat("standard output: ", output_status_.message()));
  }
  grpc::Status status = status_;
  if (timed_out_ && status.error_code() == grpc::StatusCode::CANCELLED) {
    status = grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, Overdue());
  }
  if (status.ok() && !input_outcome_.ok()) return input_outcome_;
  if (status.ok() && (answered_ < sent_ || !half_closed_)) {
    status = grpc::Status(grpc::StatusCode::UNAVAILABLE,
                          absl::StrCat("the server ended the stream early, after ", answered_,
                                       " of ", sent_, " lines sent; send the others again"));
  }
  return CallOutcome("Chat", options_.address, status);
}

std::string Session::Overdue() const {
  const std::string what = answered_ < sent_ ? absl::StrCat("no reply to line ", answered_ + 1)
                                             : "all lines are answered, but the stream did not end";
  return absl::StrCat(what, " within ", absl::FormatDuration(options_.timeout), "; see --timeout");
}

}  // namespace

Outcome Chat(EchoClient* client, const ChatOptions& options, int input_fd, Output* output,
             Progress* progress) {
  return Session(client, options, input_fd, output, progress).Run();
}

}  // namespace udsecho::client
