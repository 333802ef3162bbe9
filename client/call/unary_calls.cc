// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/call/unary_calls.h"

#include <algorithm>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/call_context.h"
#include "client/echo_client.h"
#include "client/monotonic.h"
#include "client/timed_queue.h"
#include "grpcpp/alarm.h"
#include "grpcpp/generic/generic_stub.h"

namespace udsecho::client {
namespace {

constexpr MonotonicTime kNever = absl::InfiniteDuration();

// An alarm's time: at once. (It is a wake-up of the queue, not a timer.)
gpr_timespec AtOnce() { return gpr_inf_past(GPR_CLOCK_MONOTONIC); }

struct Call {
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
  MonotonicTime begin;
  absl::Duration took;
  int64_t sequence = 0;
  bool timed_out = false;
  bool done = false;
  std::list<Call>::iterator self;
};

class UnaryCalls {
 public:
  explicit UnaryCalls(const Calling& calling) : calling_(calling), stub_(calling.channel) {}
  ~UnaryCalls();
  UnaryCalls(const UnaryCalls&) = delete;
  UnaryCalls& operator=(const UnaryCalls&) = delete;

  Outcome Run();

 private:
  const Options& options() const { return *calling_.options; }
  size_t most() const { return options().bench.concurrency.value_or(1); }

  void StartAll();
  bool Start(absl::string_view message);
  void Next();
  void Handle(void* tag);
  void TellWhatIsDone(Call* call);
  void Tell(const Call& call);
  void Failed(const Call& call);
  void CancelLate();
  void GiveUp(Outcome outcome);
  MonotonicTime Deadline() const;

  const Calling& calling_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  // The tags of the alarms are their addresses; those of calls, theirs.
  grpc::Alarm input_;
  grpc::Alarm interrupted_;
  std::list<Call> calls_;  // in flight, or done and waiting for an earlier one; in their order
  MonotonicTime due_ = -absl::InfiniteDuration();  // the next start, with an interval
  int64_t started_ = 0;
  bool starts_ = true;     // there may be more to start
  bool given_up_ = false;  // nothing more is told
  Outcome outcome_;
};

UnaryCalls::~UnaryCalls() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

Outcome UnaryCalls::Run() {
  const Interrupt::Scope scope(calling_.interrupt,
                               [this] { interrupted_.Set(&queue_, AtOnce(), &interrupted_); });
  calling_.source->Start([this] { input_.Set(&queue_, AtOnce(), &input_); });
  while (true) {
    StartAll();
    if (calls_.empty() && (!starts_ || calling_.source->ended())) break;
    Next();
  }
  calling_.source->Stop();
  if (absl::Status status = calling_.traffic->Flush(); !status.ok()) {
    return TrafficError(calling_, status);
  }
  if (calling_.interrupt->triggered()) return Interrupted();
  return outcome_.ok() ? calling_.source->outcome() : outcome_;
}

void UnaryCalls::StartAll() {
  while (starts_ && calls_.size() < most() && MonotonicNow() >= due_) {
    const std::optional<absl::string_view> message = calling_.source->Next();
    if (!message.has_value() || !Start(*message)) return;
  }
}

bool UnaryCalls::Start(absl::string_view message) {
  absl::StatusOr<std::string> request = calling_.traffic->Request(message);
  if (!request.ok()) {
    outcome_ = UsageError(absl::StrCat("message ", started_ + 1, ": ", request.status().message(),
                                       "; it and what follows were not sent"));
    starts_ = false;
    return false;
  }
  Call& call = calls_.emplace_back();
  call.self = std::prev(calls_.end());
  call.sequence = ++started_;
  call.begin = MonotonicNow();
  if (calling_.statistics != nullptr) calling_.statistics->Sent();
  if (options().interval.has_value()) {
    const MonotonicTime was_due = std::max(due_, call.begin - *options().interval);
    due_ = (started_ == 1 ? call.begin : was_due) + *options().interval;
  }
  SetUp(options().call, &call.context);
  call.context.set_deadline(DeadlineAfter(options().call.timeout));
  call.reader = stub_.PrepareUnaryCall(&call.context, calling_.path, ToBuffer(*request), &queue_);
  call.reader->StartCall();
  call.reader->Finish(&call.response, &call.status, &call);
  return true;
}

void UnaryCalls::Next() {
  void* tag = nullptr;
  bool ok = false;
  if (!calling_.traffic->empty()) {
    if (queue_.AsyncNext(&tag, &ok, AtOnce()) != grpc::CompletionQueue::TIMEOUT) return Handle(tag);
    // Nothing waits behind what was shown, but somebody may be waiting for it.
    if (absl::Status status = calling_.traffic->Flush(); !status.ok()) {
      GiveUp(TrafficError(calling_, status));
    }
  }
  const absl::Duration left = Deadline() - MonotonicNow();
  const auto next = queue_.AsyncNext(&tag, &ok, DeadlineAfter(left));
  next == grpc::CompletionQueue::TIMEOUT ? CancelLate() : Handle(tag);
}

// What happens next by itself.
MonotonicTime UnaryCalls::Deadline() const {
  MonotonicTime deadline = kNever;
  for (const Call& call : calls_) {
    if (call.done || call.timed_out) continue;
    deadline = call.begin + options().call.timeout;  // that of the others is later
    break;
  }
  // It may have come due since StartAll() looked.
  const bool starts_later = starts_ && calls_.size() < most() && options().interval.has_value() &&
                            calling_.source->HasNext();
  if (starts_later) deadline = std::min(deadline, due_);
  return deadline;
}

void UnaryCalls::CancelLate() {
  const MonotonicTime now = MonotonicNow();
  for (Call& call : calls_) {
    if (call.done || call.timed_out || now < call.begin + options().call.timeout) continue;
    call.timed_out = true;
    call.context.TryCancel();
  }
}

void UnaryCalls::Handle(void* tag) {
  if (tag == &input_) return calling_.source->Wake();
  if (tag == &interrupted_) return GiveUp(Interrupted());
  auto* const call = static_cast<Call*>(tag);
  call->done = true;
  call->took = MonotonicNow() - call->begin;
  if (calling_.statistics != nullptr && call->status.ok()) {
    calling_.statistics->Received(call->took);
  }
  call->status = AfterTimeout(call->status, call->timed_out, options().call.timeout);
  call->status = WithConnection(call->status, options().call, calling_.channel.get());
  TellWhatIsDone(call);
}

void UnaryCalls::TellWhatIsDone(Call* call) {
  if (options().unordered || given_up_) {
    Tell(*call);
    calls_.erase(call->self);
    return;
  }
  while (!calls_.empty() && calls_.front().done) {
    Tell(calls_.front());
    calls_.pop_front();
  }
}

void UnaryCalls::Tell(const Call& call) {
  if (given_up_) return;
  const std::string bytes = call.status.ok() ? FromBuffer(call.response) : "";
  const RawReply reply = {.bytes = bytes, .took = call.took, .sequence = call.sequence};
  const CallEnd end = {.status = call.status, .context = call.context, .took = call.took};
  const absl::Status told = calling_.traffic->Whole(call.status.ok() ? &reply : nullptr, end);
  if (!told.ok()) return GiveUp(TrafficError(calling_, told));
  if (!call.status.ok()) Failed(call);
}

void UnaryCalls::Failed(const Call& call) {
  Outcome outcome = CallOutcome(calling_.name, calling_.address, call.status);
  const bool one_of_many = started_ > 1 || !calling_.source->ended();
  if (one_of_many) absl::StrAppend(&outcome.error, "; it was message ", call.sequence);
  if (options().keep_going) {
    if (calling_.warn) calling_.warn(outcome.error);
    outcome.error.clear();
    if (outcome_.ok()) outcome_ = std::move(outcome);
    return;
  }
  const auto others = std::count_if(calls_.begin(), calls_.end(),
                                    [&](const Call& other) { return &other != &call; });
  if (others > 0) {
    absl::StrAppend(&outcome.error, ", and ", others, others == 1 ? " other was" : " others were",
                    " in flight");
  }
  GiveUp(std::move(outcome));
}

// What is in flight ends unheard.
void UnaryCalls::GiveUp(Outcome outcome) {
  if (given_up_) return;
  given_up_ = true;
  starts_ = false;
  outcome_ = std::move(outcome);
  for (Call& call : calls_) call.context.TryCancel();
}

}  // namespace

Outcome CallEach(const Calling& calling) { return UnaryCalls(calling).Run(); }

}  // namespace udsecho::client
