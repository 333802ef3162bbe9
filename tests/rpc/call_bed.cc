// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/rpc/call_bed.h"

#include <gtest/gtest.h>

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

}  // namespace

ScriptedService::ScriptedService() : Service("udsecho.testing.v1.Probe") {
  Handle("Ask", &ScriptedService::Ask);
  Handle("Expand", &ScriptedService::Expand);
  Handle("Collect", &ScriptedService::Collect);
  Handle("Talk", &ScriptedService::Talk);
}

CallBed::CallBed(const rpc::Limits& limits)
    : server_({.limits = limits}), caller_(server_.caller(kUid)) {
  server_.Add(&service);
  rpc::TestServer::End end = server_.Connect({.uid = kUid});
  connection_ = std::move(end.connection);
  peer_ = std::make_unique<http2::Peer>(std::move(end.fd));
  server_.Add(this);
  Send(absl::StrCat(http2::kPreface, http2::SettingsFrame({}), http2::SettingsAck()));
}

CallBed::~CallBed() {
  Leave();
  server_.Remove(this);
  EXPECT_TRUE(ended());
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
  server_.Turn();
}

bool CallBed::Move() {
  bool moved = peer_->Push();
  while (peer_->Pull()) moved = true;
  return moved;
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
  for (int i = 0; i < 20 && !ended(); ++i) server_.Turn();
}

}  // namespace udsecho::testing
