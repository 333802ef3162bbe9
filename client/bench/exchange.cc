// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/exchange.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "grpc/byte_buffer.h"
#include "grpc/slice.h"

namespace udsecho::client {

Exchange::Exchange(const Plan& plan, grpc_completion_queue* queue, int channel)
    : plan_(plan),
      queue_(queue),
      channel_index_(channel),
      request_(grpc_slice_from_copied_buffer(plan.request.data(), plan.request.size())),
      details_(grpc_empty_slice()) {
  grpc_metadata_array_init(&headers_);
  grpc_metadata_array_init(&trailers_);
}

Exchange::~Exchange() {
  if (busy_) std::abort();
  if (call_ != nullptr) grpc_call_unref(call_);
  grpc_metadata_array_destroy(&headers_);
  grpc_metadata_array_destroy(&trailers_);
  grpc_slice_unref(request_);
}

void Exchange::Begin(const BenchChannel& channel, Clock::time_point begun) {
  begun_ = begun;
  started_ = Clock::now();
  bytes_received_ = 0;
  if (call_ != nullptr) {  // a chat that goes on
    AddSend();
    AddReceive();
    return Go();
  }
  channel_ = channel;
  sent_ = 0;
  asked_status_ = false;
  // The worker looks after the time: a timer for each call would be work that is not the server's.
  call_ = grpc_channel_create_registered_call(channel.channel, nullptr, GRPC_PROPAGATE_DEFAULTS,
                                              queue_, channel.method,
                                              gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
  AddStart();
  AddSend();
  if (plan_.shape != Shape::kCollect) AddHeaders();
  switch (plan_.shape) {
    case Shape::kUnary:
      AddClose();
      AddReceive();
      AddStatus();
      break;
    case Shape::kExpand:
      AddClose();
      AddReceive();
      break;
    case Shape::kChat:
      AddReceive();
      break;
    case Shape::kCollect:
      break;
  }
  Go();
}

bool Exchange::OnEvent() {
  busy_ = false;
  DropSent();
  if (asked_status_) {
    if (received_ != nullptr) Received();
    return Finished();
  }
  switch (plan_.shape) {
    case Shape::kUnary:
      break;
    case Shape::kExpand:
      return OnExpand();
    case Shape::kCollect:
      return OnCollect();
    case Shape::kChat:
      return OnChat();
  }
  return true;
}

bool Exchange::OnExpand() {
  if (Received()) {
    AddReceive();
  } else {
    AddStatus();
  }
  Go();
  return false;
}

bool Exchange::OnCollect() {
  if (sent_ < plan_.messages) {
    AddSend();
  } else {
    AddHeaders();  // which come with the answer, as a rule
    AddClose();
    AddReceive();
    AddStatus();
  }
  Go();
  return false;
}

bool Exchange::OnChat() {
  if (Received()) {
    code_ = GRPC_STATUS_OK;
    return true;
  }
  // The stream has ended in the middle: the status says why.
  AddStatus();
  Go();
  return false;
}

void Exchange::End() {
  AddClose();
  AddStatus();
  Go();
}

void Exchange::Cancel() {
  if (call_ != nullptr) grpc_call_cancel(call_, nullptr);
}

void Exchange::GiveUp() {
  gave_up_ = true;
  Cancel();
}

// grpc_op is a union: that is gRPC's interface.
// NOLINTBEGIN(cppcoreguidelines-pro-type-union-access)
void Exchange::AddStart() {
  grpc_op& send = ops_[op_count_++];
  send = {};
  send.op = GRPC_OP_SEND_INITIAL_METADATA;
  send.data.send_initial_metadata.metadata = channel_.metadata;
  send.data.send_initial_metadata.count = channel_.metadata_count;
}

void Exchange::AddHeaders() {
  grpc_op& receive = ops_[op_count_++];
  receive = {};
  receive.op = GRPC_OP_RECV_INITIAL_METADATA;
  receive.data.recv_initial_metadata.recv_initial_metadata = &headers_;
}

void Exchange::AddSend() {
  ++sent_;
  grpc_slice slice = request_;
  // gRPC takes what is in the buffer, so that each message needs one.
  sending_ = grpc_raw_byte_buffer_create(&slice, 1);
  grpc_op& op = ops_[op_count_++];
  op = {};
  op.op = GRPC_OP_SEND_MESSAGE;
  op.data.send_message.send_message = sending_;
}

void Exchange::AddClose() {
  grpc_op& op = ops_[op_count_++];
  op = {};
  op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
}

void Exchange::AddReceive() {
  grpc_op& op = ops_[op_count_++];
  op = {};
  op.op = GRPC_OP_RECV_MESSAGE;
  op.data.recv_message.recv_message = &received_;
}

void Exchange::AddStatus() {
  asked_status_ = true;
  grpc_op& op = ops_[op_count_++];
  op = {};
  op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
  op.data.recv_status_on_client.trailing_metadata = &trailers_;
  op.data.recv_status_on_client.status = &status_;
  op.data.recv_status_on_client.status_details = &details_;
}
// NOLINTEND(cppcoreguidelines-pro-type-union-access)

void Exchange::Go() {
  busy_ = true;
  const size_t count = op_count_;
  op_count_ = 0;
  // It fails only for what no caller may do.
  if (grpc_call_start_batch(call_, ops_, count, this, nullptr) != GRPC_CALL_OK) std::abort();
}

bool Exchange::Received() {
  if (received_ == nullptr) return false;
  bytes_received_ += static_cast<int64_t>(grpc_byte_buffer_length(received_));
  grpc_byte_buffer_destroy(received_);
  received_ = nullptr;
  return true;
}

void Exchange::DropSent() {
  if (sending_ != nullptr) grpc_byte_buffer_destroy(sending_);
  sending_ = nullptr;
}

std::string Exchange::ErrorText() const {
  if (gave_up_) return absl::StrCat("no reply within ", absl::FormatDuration(plan_.call.timeout));
  const auto* const begin = reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(details_));
  return {begin, GRPC_SLICE_LENGTH(details_)};
}

bool Exchange::Finished() {
  code_ = gave_up_ ? GRPC_STATUS_DEADLINE_EXCEEDED : status_;
  if (code_ != GRPC_STATUS_OK) error_ = ErrorText();
  gave_up_ = false;
  headers_.count = trailers_.count = 0;  // what they hold goes with the call
  grpc_slice_unref(details_);
  details_ = grpc_empty_slice();
  grpc_call_unref(call_);
  call_ = nullptr;
  return true;
}

}  // namespace udsecho::client
