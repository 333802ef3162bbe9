// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/call.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/goaway.h"
#include "rpc/status.h"

namespace rpc {

void Call::FinishWith(const grpc::Status& status, CoreTag* tag) {
  finishing_ = true;
  core_.Finish(Verdict(status), nullptr, tag);
}

bool Call::ParseReceived(google::protobuf::Message* message) {
  grpc_byte_buffer* const bytes = core_.received();
  const bool taken = bytes != nullptr && Take(bytes, message);
  core_.DropReceived();
  return taken;
}

bool Call::Take(grpc_byte_buffer* bytes, google::protobuf::Message* message) {
  const std::size_t length = grpc_byte_buffer_length(bytes);
  if (length > max_message_bytes()) return SetTooLong(length);
  const auto encoding = EncodingOfLastMessage(core_.get());
  if (encoding.has_value()) request_encoding_ = *encoding;
  if (encoding == GRPC_COMPRESS_NONE) {
    if (!HoldReceived(length)) return false;
    return Parse(*bytes, message) || SetMalformed(*message);
  }
  if (!encoding.has_value()) {
    untaken_ = grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                            "the message is compressed in a way that is not known here, or that "
                            "its headers do not tell; send gzip, deflate or identity");
    return false;
  }
  grpc::ByteBuffer buffer = ToByteBuffer(*bytes);
  if (!Unpack(&buffer) || !HoldReceived(buffer.Length())) return false;
  return Parse(&buffer, message) || SetMalformed(*message);
}

bool Call::Unpack(grpc::ByteBuffer* bytes) {
  const absl::Status unpacked = rpc::Unpack(request_encoding_, max_message_bytes(), bytes);
  if (!unpacked.ok()) untaken_ = ToGrpcStatus(unpacked);
  return unpacked.ok();
}

std::size_t Call::max_message_bytes() const {
  return static_cast<std::size_t>(shard_->users().limits().max_message_bytes);
}

bool Call::SetTooLong(std::size_t bytes) {
  untaken_ = grpc::Status(
      grpc::StatusCode::RESOURCE_EXHAUSTED,
      absl::StrCat("the message has ", bytes, " bytes, and the limit is ", max_message_bytes(),
                   "; send less at once, or have --max_message raised"));
  return false;
}

bool Call::SetMalformed(const google::protobuf::Message& message) {
  untaken_ = grpc::Status(
      grpc::StatusCode::INVALID_ARGUMENT,
      absl::StrCat("the bytes sent are not a ", message.GetDescriptor()->full_name(),
                   ": they are malformed, or a text field is not UTF-8; mend the request"));
  return false;
}

bool Call::Compress(grpc_compression_algorithm encoding) {
  if (!Accepts(core_.get(), encoding)) return false;
  // What gRPC's filter for compression looks for.
  core_.AddInitialMetadata(GRPC_COMPRESSION_REQUEST_ALGORITHM_MD_KEY, EncodingName(encoding));
  return true;
}

grpc::Status Call::TooMuch() const {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          absl::StrCat("the calls in flight of uid ", connection_->account->user->uid, " take ",
                       connection_->account->user->bytes(), " of the ", shard_->users().Share(),
                       " bytes that it may have now; send less at once, or have --max_memory "
                       "raised")};
}

bool Call::HoldReceived(std::size_t bytes) {
  Account* const account = connection_->account;
  const auto count = static_cast<std::int64_t>(bytes);
  connection_->bytes_received.Add(bytes);
  account->all->counters.bytes_received.Add(bytes);
  Users::Release(account, std::exchange(bytes_received_, 0));
  if (shard_->users().Hold(account, count)) {
    bytes_received_ = count;
    return true;
  }
  untaken_ = TooMuch();
  return false;
}

bool Call::Keep(std::size_t bytes) {
  const auto count = static_cast<std::int64_t>(bytes);
  if (shard_->users().Hold(connection_->account, count)) {
    bytes_kept_ += count;
    return true;
  }
  untaken_ = TooMuch();
  return false;
}

void Call::HoldSent(std::size_t bytes) {
  connection_->bytes_sent.Add(bytes);
  connection_->account->all->counters.bytes_sent.Add(bytes);
  // Twice: as the handler's message, and as what gRPC has made of it for the wire.
  bytes_sent_ = 2 * static_cast<std::int64_t>(bytes);
  Users::HoldAnyway(connection_->account, bytes_sent_);
}

void Call::ReleaseAll() {
  Users::Release(connection_->account, std::exchange(bytes_received_, 0) +
                                           std::exchange(bytes_sent_, 0) +
                                           std::exchange(bytes_kept_, 0));
}

void Call::WriteBegan() {
  if (connection_ != nullptr) ++connection_->writes_under_way;
}

void Call::WriteEnded() {
  if (connection_ == nullptr) return;
  --connection_->writes_under_way;
  connection_->writes_ended.Add(1);
  Users::Release(connection_->account, std::exchange(bytes_sent_, 0));
  if (connection_->goaway_due && connection_->writes_under_way == 0) GoAway(connection_.get());
}

void Call::Cancel(const grpc::Status& status) {
  end_status_ = status;
  ending_ = true;
  // A handler that waits is woken, and its call ends like any other: gRPC can lose the status of a
  // call that is cancelled once its connection was told to go away.
  if (waiting_ != nullptr) return waiting_->Interrupt();
  core_.Cancel(status);
}

void Call::EndWhenDraining(const grpc::Status& status) {
  drain_status_ = status;
  if (shard_->draining()) Drain();
}

void Call::Drain() {
  if (drain_status_.has_value() && !ending_) Cancel(*drain_status_);
}

void Call::WatchEnd() {
  if (!std::exchange(end_watched_, true)) core_.AwaitEnd(over_);
}

void Call::Over() {
  cancelled_ = core_.cancelled();
  if (cancelled_ && waiting_ != nullptr) waiting_->Interrupt();
}

void Call::Sleeping::await_suspend(std::coroutine_handle<> waiter) {
  call_->WatchEnd();
  waiter_ = waiter;
  call_->waiting_ = this;
  alarm_.emplace().Set(call_->shard_->queue(), DeadlineAfter(duration_), static_cast<Tag*>(this));
}

void Call::Sleeping::Complete(bool /*ok*/) {
  call_->waiting_ = nullptr;
  waiter_.resume();
}

void Broadcast::Send() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++sent_;
  for (const auto& [shard, listeners] : listeners_) {
    if (listeners.empty()) continue;
    shard->Post([this, shard = shard] { ResumeAllOf(shard); });
  }
}

void Broadcast::ResumeAllOf(Shard* shard) {
  std::list<Call::Listening*> listeners;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // Those who wait again while we resume the others are for the next time.
    listeners.swap(listeners_[shard]);
  }
  for (Call::Listening* listener : listeners) listener->Resume();
}

bool Broadcast::Add(Shard* shard, Call::Listening* listener, std::uint64_t seen) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (sent_ != seen) return false;
  listeners_[shard].push_back(listener);
  return true;
}

void Broadcast::Remove(Shard* shard, Call::Listening* listener) {
  const std::lock_guard<std::mutex> lock(mutex_);
  listeners_[shard].remove(listener);
}

bool Call::Listening::await_suspend(std::coroutine_handle<> waiter) {
  if (!broadcast_->Add(call_->shard_, this, seen_)) return false;
  call_->WatchEnd();
  waiter_ = waiter;
  call_->waiting_ = this;
  return true;
}

void Call::Listening::Interrupt() {
  broadcast_->Remove(call_->shard_, this);
  Resume();
}

void Call::Listening::Resume() {
  call_->waiting_ = nullptr;
  waiter_.resume();
}

}  // namespace rpc
