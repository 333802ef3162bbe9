// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/rpc/call_bed.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "http2/first_bytes.h"
#include "rpc/wire/message_reader.h"
#include "tests/http2/frames.h"

namespace udsecho::testing {
namespace {

constexpr uid_t kUid = 1000;
constexpr std::size_t kMostInAFrame = 16'384;

std::string Framed(absl::string_view bytes) {
  std::string framed(rpc::wire::kPrefixBytes, '\0');
  rpc::wire::WritePrefix(false, bytes.size(), framed.data());
  return framed.append(bytes.data(), bytes.size());
}

std::string ValueOf(const http2::Headers& headers, const std::string& name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

http2::Settings SettingsOf(const rpc::Limits& limits) {
  http2::Settings settings;
  settings.max_streams = static_cast<std::uint32_t>(limits.CallsPerUid());
  settings.max_header_bytes = static_cast<std::uint32_t>(limits.max_metadata_bytes);
  return settings;
}

}  // namespace

ScriptedService::ScriptedService() : Service("udsecho.testing.v1.Probe") {
  Handle("Ask", &ScriptedService::Ask);
  Handle("Expand", &ScriptedService::Expand);
  Handle("Collect", &ScriptedService::Collect);
  Handle("Talk", &ScriptedService::Talk);
}

CallBed::CallBed(const rpc::Limits& limits)
    : limits_(limits),
      settings_(SettingsOf(limits)),
      admission_(limits, 1),
      caller_(admission_.Connected(kUid)) {
  for (const auto& one : service.methods()) methods_[one.path] = one.method.get();
  shard_ = std::make_unique<rpc::Shard>(
      http2::Loop::Create({.clock = &clock}).value(),
      rpc::Shard::Parts{.index = 0,
                        .settings = &settings_,
                        .admission = &admission_,
                        .all_calls = &all_calls_,
                        .call_hooks = &hooks,
                        .spoke = [](const auto&) {},
                        .ended = [this](const auto&, http2::Ending) { ended_ = true; }});
  all_calls_.push_back(&shard_->calls());
  int fds[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  peer_ = std::make_unique<http2::Peer>(uds::UniqueFd(fds[1]));
  connection_->id = 1;
  shard_->Adopt(uds::UniqueFd(fds[0]), &methods_, connection_, caller_);
  Send(absl::StrCat(http2::kPreface, http2::SettingsFrame({}), http2::SettingsAck()));
}

CallBed::~CallBed() {
  Leave();
  EXPECT_TRUE(ended_);
  EXPECT_EQ(in_flight(), 0);
  EXPECT_EQ(caller_->calls(), 0);
  EXPECT_EQ(connection_->calls_in_flight.value(), 0);
  EXPECT_EQ(account().memory.held(), 0);
  EXPECT_EQ(caller_->memory.bytes, 0);
}

std::string Begin(std::uint32_t stream, const std::string& method, const http2::Headers& more) {
  http2::Headers headers = http2::Post(absl::StrCat("/udsecho.testing.v1.Probe/", method),
                                       {{"content-type", "application/grpc"}, {"te", "trailers"}});
  headers.insert(headers.end(), more.begin(), more.end());
  return http2::HeadersFrame(stream, headers, http2::kEndHeaders);
}

std::string Data(std::uint32_t stream, absl::string_view bytes, std::uint8_t flags) {
  std::string frames;
  do {
    const absl::string_view part = bytes.substr(0, kMostInAFrame);
    bytes.remove_prefix(part.size());
    frames += http2::DataFrame(stream, part, bytes.empty() ? flags : 0);
  } while (!bytes.empty());
  return frames;
}

std::string Message(std::uint32_t stream, const Request& request, std::uint8_t flags) {
  return Data(stream, Framed(request.SerializeAsString()), flags);
}

std::string Message(std::uint32_t stream, const std::string& text, std::uint8_t flags) {
  Request request;
  request.set_text(text);
  return Message(stream, request, flags);
}

std::string Whole(std::uint32_t stream, const std::string& method, const std::string& text,
                  const http2::Headers& more) {
  return Begin(stream, method, more) + Message(stream, text, http2::kEndStream);
}

void CallBed::Send(absl::string_view bytes) {
  peer_->Send(bytes);
  Settle();
}

void CallBed::Turn() {
  peer_->Push();
  shard_->loop().Turn(absl::ZeroDuration());
}

void CallBed::Settle() {
  // A round in which nothing moves may still be one of work: some more of them.
  constexpr int kQuietRounds = 20;
  for (int quiet = 0; quiet < kQuietRounds; ++quiet) {
    if (peer_->Push()) quiet = 0;
    shard_->loop().Turn(absl::ZeroDuration());
    while (peer_->Pull()) quiet = 0;
  }
}

std::string CallBed::status(std::uint32_t stream) {
  const http2::Response& response = peer_->response(stream);
  const std::string status = ValueOf(response.trailers, "grpc-status");
  return status.empty() ? ValueOf(response.header, "grpc-status") : status;
}

std::string CallBed::message(std::uint32_t stream) {
  const http2::Response& response = peer_->response(stream);
  const std::string message = ValueOf(response.trailers, "grpc-message");
  return message.empty() ? ValueOf(response.header, "grpc-message") : message;
}

std::vector<std::string> CallBed::replies(std::uint32_t stream) {
  rpc::Caller caller(kUid, &unlimited_, 1);
  rpc::wire::MessageReader reader(&caller.accounts[0]->memory, std::size_t{1} << 30);
  EXPECT_TRUE(reader.Append(peer_->response(stream).body).ok());
  std::vector<std::string> texts;
  while (reader.has_message()) {
    const absl::string_view bytes = reader.message().bytes;
    Reply reply;
    EXPECT_TRUE(reply.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    texts.push_back(reply.text());
    EXPECT_TRUE(reader.Pop().ok());
  }
  return texts;
}

void CallBed::Leave() {
  peer_->Leave();
  for (int i = 0; i < 20 && !ended_; ++i) shard_->loop().Turn(absl::ZeroDuration());
}

}  // namespace udsecho::testing
