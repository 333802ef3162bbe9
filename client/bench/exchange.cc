// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/exchange.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace udsecho::client {
namespace {

// Messages of a long request that are queued at once.
constexpr int kMostAtOnce = 64;

}  // namespace

Exchange::Exchange(const Plan& plan, int connection, RequestBytes* requests,
                   std::vector<Exchange*>* ended)
    : plan_(plan),
      connection_index_(connection),
      requests_(*requests),
      ended_(*ended),
      retry_(plan.retry.get(), plan.throttle.get()),
      random_(std::random_device()()) {}

void Exchange::Begin(http2::ClientConnection* connection, Clock::time_point begun,
                     Clock::time_point now) {
  begun_ = begun;
  started_ = now;
  retry_.Restart();
  if (!sends_many()) request_ = &requests_.Next();
  BeginOn(connection);
}

void Exchange::BeginOn(http2::ClientConnection* connection) {
  busy_ = true;
  again_in_.reset();
  if (!has_stream()) {
    connection_ = connection;
    BeginStream();
  }
  bytes_before_ = answer_.bytes();
  awaited_ = answer_.messages() + 1;
  if (!sends_many()) Send(*request_);
  if (!plan_.streams_requests) End();
}

void Exchange::BeginStream() {
  answer_.Clear();
  ending_ = false;
  to_send_ = sends_many() ? plan_.messages : 0;
  connection_->Submit(&requests_.header(retry_.previous_attempts()), this);
}

void Exchange::EndChat() {
  ending_ = busy_ = true;
  End();
}

void Exchange::GiveUp() {
  Cancel();
  again_in_.reset();
  Finish({absl::StatusCode::kDeadlineExceeded,
          absl::StrCat("no reply within ", absl::FormatDuration(plan_.call.timeout))});
}

void Exchange::Abandon() {
  Cancel();
  busy_ = false;
}

void Exchange::HeaderCame(absl::string_view name, absl::string_view value) {
  answer_.AddHeader(name, value);
}

void Exchange::DataCame(absl::string_view bytes) {
  answer_.AddData(bytes);
  if (!plan_.round_trips || !busy_ || ending_) return;
  if (answer_.messages() >= awaited_) Finish({});
}

void Exchange::RoomToSend() {
  if (!sends_many()) return;
  for (int i = 0; i < kMostAtOnce && to_send_ > 0; ++i, --to_send_) Send(requests_.Next());
  if (to_send_ == 0) End();
}

void Exchange::Over(const http2::StreamEnding& ending) {
  if (!busy_) return;  // a chat between two round trips
  CallStatus status = answer_.StatusOf(ending, *connection_);
  Check(&status);
  const AttemptEnd end = {.code = status.code,
                          .committed = answer_.committed(),
                          .unseen = ending.cause == http2::StreamEnding::Cause::kRefused,
                          .pushback_ms = answer_.pushback_ms()};
  again_in_ = retry_.Next(end, std::uniform_real_distribution<double>()(random_));
  Finish(std::move(status));
}

// OK is not the truth about a call without its reply.
void Exchange::Check(CallStatus* status) const {
  if (status->code != absl::StatusCode::kOk || ending_) return;
  if (plan_.streams_replies && !plan_.round_trips) return;
  if (!plan_.round_trips && answer_.messages() == 1) return;
  *status = {absl::StatusCode::kInternal,
             answer_.messages() > 1 && !plan_.round_trips
                 ? "the server sent more than one reply"
                 : "the server ended the call as OK and sent no reply"};
}

void Exchange::Finish(CallStatus status) {
  busy_ = false;
  code_ = status.code;
  if (code_ != absl::StatusCode::kOk) error_ = std::move(status.text);
  ended_.push_back(this);
}

}  // namespace udsecho::client
