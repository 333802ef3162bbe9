// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/channels.h"

#include <string>
#include <utility>

#include "client/echo_client.h"
#include "grpc/grpc_posix.h"
#include "grpc/grpc_security.h"
#include "grpc/slice.h"
#include "grpcpp/support/channel_arguments.h"

namespace udsecho::client {
namespace {

grpc_slice Slice(const std::string& text) {
  return grpc_slice_from_copied_buffer(text.data(), text.size());
}

grpc_metadata Entry(const std::string& key, const std::string& value) {
  grpc_metadata entry = {};
  entry.key = Slice(key);
  entry.value = Slice(value);
  return entry;
}

}  // namespace

Channels::Channels(const Plan& plan, int count) : plan_(plan), channels_(count) {
  for (const auto& [key, value] : plan.call.metadata) metadata_.push_back(Entry(key, value));
  if (plan.call.compression == Compression::kNone) return;
  metadata_.push_back(
      Entry("udsecho-compress", plan.call.compression == Compression::kGzip ? "gzip" : "deflate"));
}

Channels::~Channels() {
  for (BenchChannel& channel : channels_) Close(&channel);
  for (const grpc_metadata& entry : metadata_) {
    grpc_slice_unref(entry.key);
    grpc_slice_unref(entry.value);
  }
}

absl::Status Channels::Connect() {
  for (BenchChannel& channel : channels_) {
    absl::StatusOr<uds::UniqueFd> fd = plan_.target.Connect(plan_.call.timeout);
    if (!fd.ok()) return fd.status();
    channel = Open(*std::move(fd));
  }
  return absl::OkStatus();
}

void Channels::MarkLost(int index) { Close(&channels_[index]); }

void Channels::Repair() {
  for (BenchChannel& channel : channels_) {
    if (channel.channel != nullptr) continue;
    absl::StatusOr<uds::UniqueFd> fd = plan_.target.Connect(absl::ZeroDuration());
    if (!fd.ok()) return;
    channel = Open(*std::move(fd));
  }
}

BenchChannel Channels::Open(uds::UniqueFd fd) {
  grpc::ChannelArguments arguments;
  const std::string& authority = plan_.call.authority;
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY,
                      authority.empty() ? plan_.target.authority() : authority);
  arguments.SetMaxReceiveMessageSize(kMaxReply);
  // What only costs time here: 5 to 8 % (measured).
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  if (plan_.call.compression == Compression::kNone) {
    arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  } else {
    arguments.SetCompressionAlgorithm(
        plan_.call.compression == Compression::kGzip ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_DEFLATE);
  }
  const grpc_channel_args args = arguments.c_channel_args();
  grpc_channel_credentials* insecure = grpc_insecure_credentials_create();
  BenchChannel channel;
  channel.channel = grpc_channel_create_from_fd("udsecho", fd.release(), insecure, &args);
  grpc_channel_credentials_release(insecure);
  channel.method =
      grpc_channel_register_call(channel.channel, plan_.method.c_str(), nullptr, nullptr);
  channel.metadata = metadata_.data();
  channel.metadata_count = metadata_.size();
  return channel;
}

void Channels::Close(BenchChannel* channel) {
  if (channel->channel != nullptr) grpc_channel_destroy(channel->channel);
  channel->channel = nullptr;
}

}  // namespace udsecho::client
