// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/core_call.h"

#include <utility>

#include "absl/time/time.h"
#include "grpc/byte_buffer.h"
#include "grpc/slice.h"
#include "grpc/support/alloc.h"
#include "grpc/support/log.h"
#include "grpc/support/time.h"

// libgrpc exports it, for grpc::ServerContext, but no header that is installed declares it.
absl::string_view grpc_call_server_authority(const grpc_call* call);

// NOLINTBEGIN(cppcoreguidelines-pro-type-union-access): gRPC's operations are unions

namespace rpc {
namespace {

constexpr char kDetailsKey[] = "grpc-status-details-bin";  // of rich errors

absl::string_view View(const grpc_slice& slice) {
  return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice)};
}

grpc_slice Copy(absl::string_view text) {
  return grpc_slice_from_copied_buffer(text.data(), text.size());
}

void Free(const grpc_metadata& entry) {
  grpc_slice_unref(entry.key);
  grpc_slice_unref(entry.value);
}

// What gRPC would refuse with the whole batch, which aborts.
bool IsLegal(const grpc_metadata& entry) {
  if (grpc_header_key_is_legal(entry.key) == 0) return false;
  return grpc_is_binary_header(entry.key) != 0 ||
         grpc_header_nonbin_value_is_legal(entry.value) != 0;
}

bool Add(absl::string_view key, absl::string_view value, std::vector<grpc_metadata>* metadata) {
  grpc_metadata entry{};
  entry.key = Copy(key);
  entry.value = Copy(value);
  if (!IsLegal(entry)) {
    Free(entry);
    return false;
  }
  metadata->push_back(entry);
  return true;
}

grpc_op* Next(std::array<grpc_op, 4>* operations, std::size_t* count, grpc_op_type type) {
  grpc_op& next = (*operations)[(*count)++];
  next.op = type;
  return &next;
}

}  // namespace

CoreCall::CoreCall() : deadline_(gpr_inf_future(GPR_CLOCK_REALTIME)), details_(grpc_empty_slice()) {
  grpc_metadata_array_init(&metadata_);
}

CoreCall::~CoreCall() {
  DropReceived();
  DropSent();
  for (const grpc_metadata& entry : initial_) Free(entry);
  for (const grpc_metadata& entry : trailing_) Free(entry);
  grpc_slice_unref(details_);
  grpc_metadata_array_destroy(&metadata_);
  if (call_ != nullptr) grpc_call_unref(call_);
}

void CoreCall::Request(grpc_server* server, void* method, grpc_completion_queue* queue,
                       CoreTag* tag) {
  GPR_ASSERT(grpc_server_request_registered_call(server, method, &call_, &deadline_, &metadata_,
                                                 nullptr, queue, queue,
                                                 tag->core()) == GRPC_CALL_OK);
}

void CoreCall::Start(const Operations& operations, std::size_t count, CoreTag* tag) {
  GPR_ASSERT(grpc_call_start_batch(call_, operations.data(), count, tag->core(), nullptr) ==
             GRPC_CALL_OK);
}

void CoreCall::Read(CoreTag* tag) {
  GPR_ASSERT(received_ == nullptr);
  Operations operations{};
  std::size_t count = 0;
  Next(&operations, &count, GRPC_OP_RECV_MESSAGE)->data.recv_message.recv_message = &received_;
  Start(operations, count, tag);
}

void CoreCall::AwaitEnd(CoreTag* tag) {
  end_awaited_ = true;
  Operations operations{};
  std::size_t count = 0;
  Next(&operations, &count, GRPC_OP_RECV_CLOSE_ON_SERVER)->data.recv_close_on_server.cancelled =
      &cancelled_;
  Start(operations, count, tag);
}

void CoreCall::Write(grpc_byte_buffer* message, std::uint32_t flags, CoreTag* tag) {
  Operations operations{};
  std::size_t count = 0;
  // The headers go with the first message, and gRPC waits for them to be sent: it must not keep
  // that back until more follows.
  if (!headers_sent_) flags &= ~GRPC_WRITE_BUFFER_HINT;
  AddHeaders(&operations, &count);
  AddMessage(message, flags, &operations, &count);
  Start(operations, count, tag);
}

void CoreCall::Finish(const grpc::Status& status, grpc_byte_buffer* message, CoreTag* tag) {
  Operations operations{};
  std::size_t count = 0;
  AddHeaders(&operations, &count);
  if (message != nullptr) AddMessage(message, 0, &operations, &count);
  if (!status.error_details().empty()) AddTrailingMetadata(kDetailsKey, status.error_details());
  if (!status.error_message().empty()) details_ = Copy(status.error_message());
  auto& end =
      Next(&operations, &count, GRPC_OP_SEND_STATUS_FROM_SERVER)->data.send_status_from_server;
  end.status = static_cast<grpc_status_code>(status.error_code());
  end.status_details = status.error_message().empty() ? nullptr : &details_;
  end.trailing_metadata_count = trailing_.size();
  end.trailing_metadata = trailing_.data();
  if (!std::exchange(end_awaited_, true)) {
    ends_with_status_ = true;
    Next(&operations, &count, GRPC_OP_RECV_CLOSE_ON_SERVER)->data.recv_close_on_server.cancelled =
        &cancelled_;
  }
  Start(operations, count, tag);
}

void CoreCall::Cancel(const grpc::Status& status) {
  grpc_call_cancel_with_status(call_, static_cast<grpc_status_code>(status.error_code()),
                               status.error_message().c_str(), nullptr);
}

void CoreCall::AddHeaders(Operations* operations, std::size_t* count) {
  if (std::exchange(headers_sent_, true)) return;
  auto& headers =
      Next(operations, count, GRPC_OP_SEND_INITIAL_METADATA)->data.send_initial_metadata;
  headers.count = initial_.size();
  headers.metadata = initial_.data();
}

void CoreCall::AddMessage(grpc_byte_buffer* message, std::uint32_t flags, Operations* operations,
                          std::size_t* count) {
  DropSent();
  sent_ = message;
  grpc_op* const operation = Next(operations, count, GRPC_OP_SEND_MESSAGE);
  operation->flags = flags;
  operation->data.send_message.send_message = message;
}

void CoreCall::DropReceived() {
  if (received_ != nullptr) grpc_byte_buffer_destroy(std::exchange(received_, nullptr));
}

void CoreCall::DropSent() {
  if (sent_ != nullptr) grpc_byte_buffer_destroy(std::exchange(sent_, nullptr));
}

std::string CoreCall::peer() const {
  char* const text = grpc_call_get_peer(call_);
  std::string peer = text;
  gpr_free(text);
  return peer;
}

absl::string_view CoreCall::authority() const { return grpc_call_server_authority(call_); }

absl::Time CoreCall::deadline() const {
  const gpr_timespec deadline = gpr_convert_clock_type(deadline_, GPR_CLOCK_REALTIME);
  if (gpr_time_cmp(deadline, gpr_inf_future(GPR_CLOCK_REALTIME)) == 0)
    return absl::InfiniteFuture();
  return absl::FromUnixSeconds(deadline.tv_sec) + absl::Nanoseconds(deadline.tv_nsec);
}

std::vector<CoreCall::Header> CoreCall::metadata() const {
  std::vector<Header> headers;
  headers.reserve(metadata_.count);
  for (std::size_t i = 0; i < metadata_.count; ++i) {
    headers.push_back({View(metadata_.metadata[i].key), View(metadata_.metadata[i].value)});
  }
  return headers;
}

std::vector<absl::string_view> CoreCall::Values(absl::string_view key) const {
  std::vector<absl::string_view> values;
  for (std::size_t i = 0; i < metadata_.count; ++i) {
    if (View(metadata_.metadata[i].key) == key) values.push_back(View(metadata_.metadata[i].value));
  }
  return values;
}

bool CoreCall::AddInitialMetadata(absl::string_view key, absl::string_view value) {
  return Add(key, value, &initial_);
}

bool CoreCall::AddTrailingMetadata(absl::string_view key, absl::string_view value) {
  return Add(key, value, &trailing_);
}

}  // namespace rpc

// NOLINTEND(cppcoreguidelines-pro-type-union-access)
