// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/unary.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "client/awaited_source.h"
#include "client/call_context.h"

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
  bool Reconnect();
  bool Lost(const grpc::Status& status);
  bool Print(const absl::Status& status);
  bool Pause();
  bool IsPing() const { return sending_.replies->statistics() != nullptr; }

  const Sending& sending_;
  AwaitedSource source_;
  v1::EchoRequest request_;
  v1::EchoResponse response_;
  int64_t sent_ = 0;
  absl::Time next_ = absl::InfinitePast();

  EchoClient* client_ = sending_.client;
  std::unique_ptr<EchoClient> own_client_;  // after the first was lost
  bool connected_ = true;

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
  if (!connected_ && !Reconnect()) return true;
  if (!Call(message)) return false;
  // More at once, and nobody waits: then the replies go out in blocks.
  return source_.HasNext() && !IsPing() ? true : Print(sending_.replies->Flush());
}

bool UnarySender::Call(absl::string_view message) {
  sending_.requests->FillEcho(message, &request_);
  grpc::ClientContext context;
  SetUp(sending_.options->call, &context);
  context.set_deadline(DeadlineAfter(sending_.options->call.timeout));
  const absl::Time begin = absl::Now();
  grpc::Status status;
  {
    const InterruptedBy scope(sending_.interrupt, &context);
    status = client_->stub().Echo(&context, request_, &response_);
  }
  if (sending_.interrupt->triggered()) return false;
  const Reply reply = {.message = response_.message(),
                       .payload = response_.payload(),
                       .took = absl::Now() - begin,
                       .sequence = sent_};
  const CallEnd end = {.status = status, .context = context, .took = reply.took};
  if (!Print(sending_.replies->Whole(status.ok() ? &reply : nullptr, end))) return false;
  return status.ok() || Lost(status);
}

// The next call may be better, if it is a ping.
bool UnarySender::Lost(const grpc::Status& status) {
  if (failure_.ok()) failure_ = CallOutcome("Echo", sending_.address, status);
  connected_ = status.error_code() != grpc::StatusCode::UNAVAILABLE;
  return IsPing();
}

bool UnarySender::Reconnect() {
  absl::StatusOr<std::unique_ptr<EchoClient>> client = sending_.reconnect();
  connected_ = client.ok();
  if (client.ok()) {
    own_client_ = *std::move(client);
    client_ = own_client_.get();
  }
  return connected_;
}

bool UnarySender::Print(const absl::Status& status) {
  unwritten_.Update(status);
  return unwritten_.ok();
}

// Until the next message is due.
bool UnarySender::Pause() {
  if (!sending_.options->interval.has_value()) return !sending_.interrupt->triggered();
  const absl::Time now = absl::Now();
  next_ = std::max(next_, now);
  if (next_ > now && !sending_.interrupt->SleepUntil(next_)) return false;
  next_ += *sending_.options->interval;
  return !sending_.interrupt->triggered();
}

}  // namespace

Outcome SendUnary(const Sending& sending) { return UnarySender(sending).Run(); }

}  // namespace udsecho::client
