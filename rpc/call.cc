// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/call.h"

#include <grpc/grpc.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/goaway.h"

namespace rpc {

void Call::SetMalformed(absl::string_view type_name) {
  malformed_ = grpc::Status(
      grpc::StatusCode::INVALID_ARGUMENT,
      absl::StrCat("the bytes sent are not a ", type_name,
                   ": they are malformed, or a text field is not UTF-8; mend the request"));
}

void Call::WriteBegan() {
  if (connection_ != nullptr) ++connection_->writes_under_way;
}

void Call::WriteEnded() {
  if (connection_ == nullptr) return;
  --connection_->writes_under_way;
  if (connection_->goaway_due && connection_->writes_under_way == 0) GoAway(connection_.get());
}

void Call::Cancel(const grpc::Status& status) {
  end_status_ = status;
  ending_ = true;
  // A handler that waits is woken, and its call ends like any other: gRPC can lose the status of a
  // call that is cancelled once its connection was told to go away.
  if (waiting_ != nullptr) return waiting_->Interrupt();
  // ServerContext::TryCancel() would do, but can say nothing other than CANCELLED.
  grpc_call_cancel_with_status(context_.c_call(),
                               static_cast<grpc_status_code>(status.error_code()),
                               status.error_message().c_str(), nullptr);
}

void Call::Over() {
  cancelled_ = context_.IsCancelled();
  if (cancelled_ && waiting_ != nullptr) waiting_->Interrupt();
}

void Call::Sleeping::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  call_->waiting_ = this;
  alarm_.Set(call_->shard_->queue(), DeadlineAfter(duration_), static_cast<Tag*>(this));
}

void Call::Sleeping::Complete(bool /*ok*/) {
  call_->waiting_ = nullptr;
  waiter_.resume();
}

void Broadcast::Send() {
  // Those who wait again while we resume the others are for the next time.
  std::list<Call::Listening*> listeners = std::exchange(listeners_, {});
  for (Call::Listening* listener : listeners) listener->Resume();
}

void Call::Listening::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  call_->waiting_ = this;
  broadcast_->listeners_.push_back(this);
}

void Call::Listening::Interrupt() {
  broadcast_->listeners_.remove(this);
  Resume();
}

void Call::Listening::Resume() {
  call_->waiting_ = nullptr;
  waiter_.resume();
}

}  // namespace rpc
