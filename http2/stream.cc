// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/stream.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "http2/connection.h"
#include "http2/header_fields.h"
#include "http2/session_callbacks.h"

namespace http2 {
namespace {

// Room for the next messages of a stream that has more than one on its way: some DATA frames fill.
constexpr std::size_t kRoomForMore = 16 * 1024;

}  // namespace

Stream::~Stream() {
  static_assert(sizeof(Stream) <= kObjectBytes);
  is_ready_ = true;     // whoever asks for Run() from here on is too late
  exchange_ = nullptr;  // first: it may look at what is below
  connection_.queued_ -= queued_;
  connection_.account_.Release(kBytes + static_cast<std::int64_t>(extra_header_bytes_));
}

absl::string_view Stream::Pseudo(absl::string_view name) const {
  for (const Header& header : headers_) {
    if (header.name == name) return header.value;
    if (!absl::StartsWith(header.name, ":")) break;
  }
  return {};
}

absl::string_view Stream::authority() const {
  for (const Header& header : headers_) {
    if (header.name == ":authority" || header.name == "host") return header.value;
  }
  return {};
}

bool Stream::AddHeader(absl::string_view name, absl::string_view value, std::size_t max_bytes) {
  header_bytes_ += name.size() + value.size() + HeaderList::kFieldBytes;
  if (header_bytes_ > Settings::kHeaderFactor * max_bytes) return false;
  if (header_ended_) return true;  // a trailer: of no use to anybody
  if (header_bytes_ <= max_bytes) {
    headers_.Add(name, value);
  } else {
    header_too_long_ = true;
  }
  return true;
}

void Stream::HeaderEnded() {
  header_ended_ = true;
  const std::size_t extra = header_bytes_ > kHeaderBytes ? header_bytes_ - kHeaderBytes : 0;
  if (!header_too_long_ && connection_.account_.Hold(static_cast<std::int64_t>(extra))) {
    extra_header_bytes_ = extra;
  } else {
    header_too_long_ = true;
    headers_ = HeaderList();
  }
  header_bytes_ = 0;  // the trailer's from here on
}

void Stream::Consume(std::size_t bytes) {
  if (closed_ || bytes == 0) return;
  nghttp2_session_consume_stream(connection_.session_, id_, bytes);
  connection_.Touched();
}

void Stream::Respond(absl::Span<const Field> header, Body body) {
  if (closed_ || std::exchange(responded_, true)) return;
  const HeaderFields fields(header);
  const nghttp2_data_provider provider = BodyOf(this);
  body_ended_ = body == kNoBody;
  nghttp2_submit_response(connection_.session_, id_, fields.data(), fields.size(),
                          body == kNoBody ? nullptr : &provider);
  connection_.Touched();
}

void Stream::Queued(std::size_t bytes) {
  queued_ += bytes;
  connection_.queued_ += bytes;
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(connection_.session_, id_);
  connection_.Touched();
}

char* Stream::Send(std::size_t bytes) {
  if (closed_) return nullptr;
  if (queue_.empty() || !queue_.back().is_ours || queue_.back().buffer.room() < bytes) {
    const std::size_t room = queue_.empty() ? bytes : std::max(bytes, kRoomForMore);
    Buffer fresh = Buffer::New(&connection_.account_, room);
    if (fresh.is_null()) return nullptr;
    queue_.push_back({.buffer = std::move(fresh), .length = 0, .is_ours = true});
  }
  Piece& last = queue_.back();
  char* const to = last.buffer.end();
  last.buffer.Extend(bytes);
  last.length += bytes;
  Queued(bytes);
  return to;
}

void Stream::Send(Buffer bytes) {
  const std::size_t count = bytes.size();
  if (closed_ || count == 0) return;
  queue_.push_back({.buffer = std::move(bytes), .length = count, .is_ours = false});
  Queued(count);
}

void Stream::End() {
  if (closed_ || std::exchange(body_ended_, true)) return;
  if (queued_ == 0 && HasNoWindow()) EndByTrailers();
  Queued(0);
}

bool Stream::HasNoWindow() const {
  nghttp2_session* const session = connection_.session_;
  return nghttp2_session_get_remote_window_size(session) <= 0 ||
         nghttp2_session_get_stream_remote_window_size(session, id_) <= 0;
}

void Stream::EndByTrailers() {
  // nghttp2 would wait for room in the window even for DATA without a byte.
  std::vector<Field> trailers;
  if (exchange_ != nullptr) exchange_->AddTrailers(&trailers);
  const HeaderFields fields(trailers);
  nghttp2_submit_trailer(connection_.session_, id_, fields.data(), fields.size());
}

void Stream::Reset(std::uint32_t error_code) {
  if (closed_) return;
  nghttp2_submit_rst_stream(connection_.session_, NGHTTP2_FLAG_NONE, id_, error_code);
  connection_.Touched();
}

void Stream::RunSoon() { connection_.AddReady(this); }

bool Stream::MoveTo(Output* output, std::size_t bytes) {
  queued_ -= bytes;
  connection_.queued_ -= bytes;
  connection_.NotHeldUp();
  while (bytes > 0) {
    const Piece& first = queue_.front();
    const std::size_t count = std::min(bytes, first.length - sent_of_first_);
    if (!output->Lend(first.buffer, first.buffer.data() + sent_of_first_, count)) return false;
    sent_of_first_ += count;
    bytes -= count;
    if (sent_of_first_ < first.length) break;
    sent_of_first_ = 0;
    queue_.erase(queue_.begin());
  }
  if (awaits_room_ && queued_ <= kLowMark) {
    awaits_room_ = false;
    RunSoon();
  }
  return true;
}

}  // namespace http2
