// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/call/call.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/wire/parsed_size.h"

namespace rpc {
namespace {

// The stream's window is opened in pieces of this many bytes: nghttp2 tells the client when half of
// it is free.
constexpr std::size_t kWindowPiece = 16 * 1024;

// More than there can be: Keep() of a number that a client chose must not wrap around.
constexpr std::size_t kMostKept = std::size_t{1} << 60;

absl::Status DeadlinePassed() {
  return absl::DeadlineExceededError("the deadline passed before the call was done");
}

}  // namespace

Call::Call(Parts parts)
    : stream_(*parts.stream),
      connection_(std::move(parts.connection)),
      account_(*parts.account),
      calls_(*parts.calls),
      encoding_(parts.encoding),
      reader_(&account_.memory, calls_.max_message_bytes()) {
  link_.call = this;
  calls_.Add(&link_);
  calls_.in_flight().Add(1);
  account_.calls.Add(1);
  connection_->calls_in_flight.Add(1);
  if (calls_.hooks().ended) begun_at_ = calls_.loop().clock().Now();
  if (parts.timeout != absl::InfiniteDuration()) LimitTime(parts.timeout);
}

Call::~Call() {
  calls_.Remove(&link_);
  inflation_ = nullptr;
  account_.memory.Release(kBytes + message_bytes_ + kept_bytes_);
  calls_.trim().Freed(message_bytes_ + kept_bytes_);
}

void Call::LimitTime(absl::Duration longest) {
  if (ended_) return;
  // By the time that it is, not by that when the round began: others may have kept the thread.
  const http2::Nanoseconds now = calls_.loop().clock().Now();
  const http2::Nanoseconds end =
      now + std::max<http2::Nanoseconds>(http2::ToNanoseconds(longest), 0);
  if (!expiry_.has_value()) {
    expiry_.emplace([this] { Cancel(DeadlinePassed()); });
  } else if (end >= expires_at_) {
    return;
  }
  expires_at_ = end;
  calls_.loop().timers().Set(&*expiry_, end);
}

absl::Duration Call::time_left() const {
  // The timer is gone once the call has ended.
  if (expires_at_ == 0) return absl::InfiniteDuration();
  const http2::Nanoseconds left = expires_at_ - calls_.loop().clock().Now();
  return absl::Nanoseconds(std::max<http2::Nanoseconds>(left, 0));
}

// --- Requests ---

void Call::Received(absl::string_view bytes) {
  if (ended_ || !fault_.ok()) return;
  unconsumed_ += bytes.size();
  fault_ = reader_.Append(bytes);
  // The rest of a message has its room already.
  if (!reader_.has_message()) OpenWindow(unconsumed_);
}

void Call::OpenWindow(std::size_t bytes) {
  if (bytes < kWindowPiece) return;
  unconsumed_ -= bytes;
  stream_.Consume(bytes);
}

// What waits for the message is the one that asks, and is told by the answer; all else is woken in
// GoOn().
Call::Taken Call::Refuse(absl::Status status) {
  if (ended_) return Taken::kEnd;
  if (absl::IsResourceExhausted(status)) calls_.counters().refused.Add(1);
  TellRefused(status);
  return EndNow(std::move(status));
}

Call::Taken Call::EndNow(absl::Status status) {
  if (ended_) return Taken::kEnd;
  cancelled_ = true;
  FinishWith(std::move(status));
  stream_.RunSoon();
  return Taken::kEnd;
}

Call::Taken Call::NoMoreMessages() {
  if (!reader_.is_partial()) return Taken::kEnd;
  return Refuse(absl::InternalError(
      "the request ended within a message; fix the client, or what cut it off"));
}

Call::Taken Call::TakeMessage(google::protobuf::Message* message) {
  if (ended_) return Taken::kEnd;
  if (!reader_.has_message()) {
    if (!fault_.ok()) return Refuse(fault_);
    return stream_.request_ended() ? NoMoreMessages() : Taken::kNone;
  }
  const wire::Message next = reader_.message();
  if (const Taken prepared = Prepare(next); prepared != Taken::kMessage) return prepared;
  const Taken taken = Parse(inflated_ ? inflation_->bytes() : next.bytes, message);
  return taken == Taken::kMessage ? PopMessage() : taken;
}

Call::Taken Call::TakeOnlyMessage(google::protobuf::Message* message) {
  if (ended_) return Taken::kEnd;
  // gRPC's statuscodes.md: "request cardinality violation".
  if (reader_.has_message()) {
    const std::size_t first = wire::kPrefixBytes + reader_.message().bytes.size();
    if (reader_.size() >= first + wire::kPrefixBytes) {
      return Refuse(absl::UnimplementedError("the method takes one message, and more came"));
    }
    if (!stream_.request_ended()) return Taken::kNone;
    if (reader_.size() > first) {
      return Refuse(absl::InternalError("bytes follow the message; fix the client"));
    }
  } else if (stream_.request_ended() && !reader_.is_partial()) {
    return Refuse(absl::UnimplementedError("the method takes one message, and none came"));
  }
  return TakeMessage(message);
}

Call::Taken Call::Prepare(const wire::Message& message) {
  request_encoding_ = Encoding::kIdentity;
  if (!message.compressed) return Taken::kMessage;
  if (encoding_ == Encoding::kIdentity) {
    return Refuse(absl::InternalError(
        "a message is marked as compressed, and the header tells of no compression; fix the "
        "client"));
  }
  request_encoding_ = encoding_;
  if (inflation_ == nullptr) {
    packed_ = reader_.buffer();
    inflation_ = std::make_unique<wire::Inflation>(encoding_, message.bytes,
                                                   calls_.max_message_bytes(), &account_.memory);
    InflateMore();
  }
  if (!inflated_) {
    stream_.RunSoon();  // which goes on with it
    return Taken::kNone;
  }
  return inflation_->status().ok() ? Taken::kMessage : Refuse(inflation_->status());
}

void Call::InflateMore() { inflated_ = inflation_->Step() == wire::Inflation::Progress::kDone; }

Call::Taken Call::Parse(absl::string_view bytes, google::protobuf::Message* message) {
  if (absl::Status held = HoldMessage(message, bytes); !held.ok()) return Refuse(std::move(held));
  bytes_received_ += bytes.size();
  connection_->bytes_received.Add(bytes.size());
  calls_.counters().bytes_received.Add(bytes.size());
  if (message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Taken::kMessage;
  }
  return Refuse(absl::InvalidArgumentError(
      absl::StrCat("the bytes sent are not a ", message->GetDescriptor()->full_name(),
                   ": they are malformed, or a text field is not UTF-8; fix the request")));
}

absl::Status Call::HoldMessage(google::protobuf::Message* message, absl::string_view bytes) {
  // To look at so few takes longer than they are worth.
  constexpr std::size_t kShort = 64;
  // A message keeps what it has had for what is parsed into it next. From here on it is made anew.
  constexpr std::int64_t kMostReused = 32 * 1024;
  if (message_bytes_ > kMostReused) {
    const std::unique_ptr<google::protobuf::Message> fresh(message->New());
    message->GetReflection()->Swap(message, fresh.get());
    account_.memory.Release(std::exchange(message_bytes_, 0));
  }
  const google::protobuf::Descriptor& type = *message->GetDescriptor();
  const std::optional<std::size_t> size = bytes.size() <= kShort
                                              ? wire::DearestByte(type) * bytes.size()
                                              : wire::ParsedSize(type, bytes);
  if (!size.has_value()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the message has more than ", wire::kMostParts,
                     " parts (a field is one, a message, a text or an unknown field four); send "
                     "less at once"));
  }
  const auto wanted = static_cast<std::int64_t>(*size);
  // The bytes themselves are on the account until they have been parsed, a moment from now.
  const std::int64_t more =
      std::max<std::int64_t>(wanted - static_cast<std::int64_t>(bytes.size()), 0);
  if (!account_.memory.Hold(more, http2::Need::kRequest)) return TooMuch();
  message_bytes_ += more;
  due_bytes_ = wanted - more;
  return absl::OkStatus();
}

Call::Taken Call::PopMessage() {
  const std::int64_t held = account_.memory.held();
  inflation_ = nullptr;
  packed_ = http2::Buffer();
  inflated_ = false;
  const std::size_t popped = wire::kPrefixBytes + reader_.message().bytes.size();
  absl::Status next = reader_.Pop();
  if (fault_.ok()) fault_ = std::move(next);
  OpenWindow(reader_.has_message() ? std::min(popped, unconsumed_) : unconsumed_);
  // What was given back just now is there for the message. It is less where more lies behind it.
  const std::int64_t due = std::exchange(due_bytes_, 0);
  const std::int64_t again = std::clamp<std::int64_t>(held - account_.memory.held(), 0, due);
  account_.memory.HoldAgain(again);
  message_bytes_ += again;
  if (!account_.memory.Hold(due - again, http2::Need::kRequest)) return Refuse(TooMuch());
  message_bytes_ += due - again;
  return Taken::kMessage;
}

absl::Status Call::TooMuch() const {
  return absl::ResourceExhaustedError(absl::StrCat(
      "the calls in flight of uid ", account_.caller->uid, " take ", account_.memory.held(),
      " of the ", account_.memory.share(), " bytes that it may have now; send less at once"));
}

bool Call::Keep(std::size_t bytes) {
  if (ended_) return false;
  const auto count = static_cast<std::int64_t>(std::min(bytes, kMostKept));
  if (!account_.memory.Hold(count, http2::Need::kRequest)) {
    Refuse(TooMuch());
    return false;
  }
  kept_bytes_ += count;
  return true;
}

// --- Responses ---

void Call::Respond(http2::Stream::Body body) {
  std::vector<http2::Field> header(wire::kResponseHeader.begin(), wire::kResponseHeader.end());
  if (response_encoding_ != Encoding::kIdentity) {
    header.push_back({.name = "grpc-encoding", .value = wire::NameOf(response_encoding_)});
  }
  for (const Metadatum& one : initial_) header.push_back({.name = one.key, .value = one.value});
  if (body == http2::Stream::kNoBody) AddTrailers(&header);
  stream_.Respond(header, body);
}

void Call::AddTrailers(std::vector<http2::Field>* trailers) {
  for (const Metadatum& one : trailing_) trailers->push_back({.name = one.key, .value = one.value});
  if (status_fields_.has_value()) status_fields_->AddTo(trailers);
}

bool Call::SendMessage(const google::protobuf::MessageLite& response, const WriteOptions& options) {
  if (ended_) return false;
  if (!stream_.responded()) Respond(http2::Stream::kBodyFollows);
  const std::size_t size = response.ByteSizeLong();
  std::string packed;
  if (response_encoding_ != Encoding::kIdentity && options.compress &&
      account_.MayPack(size, calls_.loop().round())) {
    packed = wire::Deflate(response_encoding_, response.SerializeAsString());
  }
  const bool compressed = !packed.empty() && packed.size() < size;
  const std::size_t length = compressed ? packed.size() : size;
  char* const to = stream_.Send(wire::kPrefixBytes + length);
  if (to == nullptr) {
    Refuse(TooMuch());
    return false;
  }
  wire::WritePrefix(compressed, length, to);
  char* const bytes = to + wire::kPrefixBytes;
  if (compressed) {
    packed.copy(bytes, length);
  } else {
    response.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes));
  }
  bytes_sent_ += size;
  connection_->bytes_sent.Add(size);
  calls_.counters().bytes_sent.Add(size);
  return true;
}

void Call::FinishWith(const google::protobuf::MessageLite& response) {
  if (!SendMessage(response)) return;
  SettleEnd(absl::OkStatus());
  stream_.End();
}

void Call::FinishWith(absl::Status status) {
  if (ended_) return;
  SettleEnd(std::move(status));
  if (stream_.responded() || !initial_.empty()) {
    if (!stream_.responded()) Respond(http2::Stream::kBodyFollows);
    stream_.End();
  } else {
    Respond(http2::Stream::kNoBody);
  }
}

// --- The end ---

void Call::SettleEnd(absl::Status status) {
  ended_ = true;
  end_status_ = std::move(status);
  status_fields_.emplace(end_status_);
  expiry_.reset();
  // Before the caller can see the answer: it may ask for as much again at once.
  calls_.in_flight().Add(-1);
  account_.calls.Add(-1);
  connection_->calls_in_flight.Add(-1);
  if (calls_.hooks().ended) Tell(calls_.hooks().ended, end_status_);
}

void Call::Cancel(absl::Status status) {
  if (ended_) return;
  cancelled_ = true;
  FinishWith(std::move(status));
  WakeAll();
}

void Call::StreamClosed() {
  if (ended_) return;
  cancelled_ = true;
  SettleEnd(absl::CancelledError("the caller left"));
}

void Call::Abandon() {
  StreamClosed();
  WakeAll();
}

bool Call::HasEndedByNow() {
  if (!ended_ && expiry_.has_value() && calls_.loop().clock().Now() >= expires_at_) {
    EndNow(DeadlinePassed());
  }
  return ended_;
}

void Call::EndWhenDraining(absl::Status status) {
  drain_status_ = std::move(status);
  if (calls_.draining()) EndNow(*drain_status_);
}

void Call::Drain() {
  if (drain_status_.has_value()) Cancel(*drain_status_);
}

}  // namespace rpc
