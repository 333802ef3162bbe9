// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/testing/test_client.h"

#include <algorithm>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "http2/buffer.h"
#include "rpc/check.h"
#include "rpc/wire/message_reader.h"
#include "rpc/wire/status.h"

namespace rpc {
namespace {

std::string TimeoutField(absl::Duration timeout) {
  constexpr std::int64_t kMost = 99'999'999;  // eight digits
  const std::int64_t microseconds = absl::ToInt64Microseconds(timeout);
  if (microseconds <= kMost) return absl::StrCat(std::max<std::int64_t>(microseconds, 0), "u");
  return absl::StrCat(std::min(absl::ToInt64Seconds(timeout), kMost), "S");
}

TestMetadata HeaderOf(absl::string_view path, const TestCallOptions& options) {
  TestMetadata header = {{":method", "POST"},
                         {":scheme", "http"},
                         {":path", std::string(path)},
                         {":authority", "localhost"},
                         {"content-type", "application/grpc"},
                         {"te", "trailers"}};
  if (options.timeout != absl::InfiniteDuration()) {
    header.emplace_back("grpc-timeout", TimeoutField(options.timeout));
  }
  header.insert(header.end(), options.metadata.begin(), options.metadata.end());
  return header;
}

// Of all of which the caller keeps the texts.
std::vector<http2::Field> FieldsOf(const TestMetadata& metadata) {
  std::vector<http2::Field> fields;
  for (const auto& [name, value] : metadata) fields.push_back({.name = name, .value = value});
  return fields;
}

std::optional<std::string> Find(const TestMetadata& metadata, absl::string_view name) {
  for (const auto& [key, value] : metadata) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace

TestClient::TestClient(TestServer* server, const uds::PeerCredentials& peer)
    : server_(*server),
      budget_(std::numeric_limits<std::int64_t>::max() / 16),
      account_(&budget_, &holder_),
      http2_(std::make_unique<http2::ClientConnection>(server->Connect(peer).fd, &account_,
                                                       http2::ClientSettings{})) {
  server_.Add(this);
  server_.Settle();
}

TestClient::~TestClient() {
  server_.Remove(this);
  http2_ = nullptr;
  server_.Settle();
}

bool TestClient::Move() {
  http2_->Flush();
  const bool came = http2_->Receive();
  if (came) {
    while (http2_->Handle()) {
    }
  }
  http2_->Flush();
  return came;
}

TestCall::TestCall(TestClient* client, absl::string_view path, const TestCallOptions& options)
    : client_(*client), sent_(HeaderOf(path, options)), fields_(FieldsOf(sent_)) {
  RPC_CHECK(absl::StartsWith(path, "/"), "a path begins with a slash: \"/package.Service/Method\"");
  client_.http2_->Submit(&fields_, this);
  client_.server_.Settle();
}

TestCall::~TestCall() {
  if (is_open()) Cancel();
}

void TestCall::Queue(const google::protobuf::MessageLite& message) {
  const std::size_t length = message.ByteSizeLong();
  http2::Buffer bytes = http2::Buffer::New(&client_.account_, wire::kPrefixBytes + length);
  RPC_CHECK(!bytes.is_null(), "there is no memory for a message");
  wire::WritePrefix(false, length, bytes.end());
  bytes.Extend(wire::kPrefixBytes);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes.end()));
  bytes.Extend(length);
  ClientStream::Send(std::move(bytes));
}

void TestCall::Send(const google::protobuf::MessageLite& message) {
  Queue(message);
  client_.server_.Settle();
}

void TestCall::SendLast(const google::protobuf::MessageLite& message) {
  Queue(message);
  End();
}

void TestCall::End() {
  ClientStream::End();
  client_.server_.Settle();
}

void TestCall::Cancel() {
  if (!is_open()) return;
  ClientStream::Cancel();
  status_ = absl::CancelledError("the test cancelled the call");
  client_.server_.Settle();
}

bool TestCall::TakeNext(google::protobuf::MessageLite* message) {
  const absl::string_view rest = absl::string_view(body_).substr(taken_);
  if (rest.size() < wire::kPrefixBytes) return false;
  std::size_t length = 0;
  for (const char byte : rest.substr(1, wire::kPrefixBytes - 1)) {
    length = length << 8 | static_cast<unsigned char>(byte);
  }
  if (rest.size() < wire::kPrefixBytes + length) return false;
  taken_ += wire::kPrefixBytes + length;
  const absl::string_view bytes = rest.substr(wire::kPrefixBytes, length);
  RPC_CHECK(rest[0] == 0, "the message is compressed, which the test has not asked for");
  RPC_CHECK(message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())),
            "the message that came is not of the type that the test expects");
  return true;
}

std::optional<std::string> TestCall::header(absl::string_view name) const {
  return Find(header_, name);
}
std::optional<std::string> TestCall::trailer(absl::string_view name) const {
  return Find(trailers_, name);
}

void TestCall::HeaderCame(absl::string_view name, absl::string_view value) {
  // A response of trailers alone has one header, which is both.
  if (!header_is_over_) header_.emplace_back(name, value);
  trailers_.emplace_back(name, value);
}

void TestCall::DataCame(absl::string_view bytes) {
  if (!std::exchange(header_is_over_, true)) trailers_.clear();
  body_.append(bytes.data(), bytes.size());
}

void TestCall::Over(const http2::StreamEnding& ending) { status_ = StatusOf(ending); }

absl::Status TestCall::StatusOf(const http2::StreamEnding& ending) const {
  int code = 0;
  if (absl::SimpleAtoi(Find(trailers_, "grpc-status").value_or(""), &code)) {
    return absl::Status(static_cast<absl::StatusCode>(code),
                        wire::PercentDecode(Find(trailers_, "grpc-message").value_or("")));
  }
  if (ending.cause == http2::StreamEnding::Cause::kAnswered) {
    return absl::UnknownError(
        absl::StrCat("HTTP ", Find(header_, ":status").value_or("without a status")));
  }
  return absl::UnavailableError(
      absl::StrCat("the stream ended without a status, with error ", ending.error_code));
}

}  // namespace rpc
