// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/client_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "http2/client_callbacks.h"
#include "http2/receive_buffer.h"

namespace http2 {
namespace {

// What nghttp2 gets at once: some 20 short answers.
constexpr std::size_t kSlice = 2 * 1024;
// So many are sent in a turn.
constexpr std::size_t kFairShareToSend = 256 * 1024;

// Stream numbers are odd, and have 31 bits (RFC 9113, 5.1.1).
constexpr std::uint32_t kMostStreams = (1U << 30) - 1;

constexpr absl::string_view kHttp1 = "HTTP/1";

thread_local ReceiveBuffer<ClientConnection::kFairShare> received_bytes;

}  // namespace

ClientConnection::ClientConnection(uds::UniqueFd fd, Account* account,
                                   const ClientSettings& settings)
    : fd_(std::move(fd)),
      settings_(settings),
      memory_(account),
      session_(NewClientSession(this)),  // needs what is above
      output_(account) {
  if (memory_.refused()) Fail(ClientEnding::kNoMemory, "");
  CloseIfEnded();
}

ClientConnection::~ClientConnection() {
  if (!ending_.has_value()) Fail(ClientEnding::kServerLeft, "");
  CloseIfEnded();
}

bool ClientConnection::may_submit() const {
  return !ending_.has_value() && !going_away_ && submitted_ + waiting_.size() < kMostStreams;
}

void ClientConnection::Submit(const HeaderFields* header, ClientStream* stream) {
  if (stream->is_open()) return;
  stream->header_ = header;
  stream->id_ = 0;
  stream->body_ended_ = stream->end_left_ = stream->deferred_ = false;
  stream->answered_ = stream->reset_came_ = stream->refused_ = false;
  stream->header_bytes_ = stream->queued_ = stream->sent_of_first_ = 0;
  stream->queue_.clear();
  stream->connection_ = this;
  ++streams_;
  if (may_submit()) return waiting_.push_back(stream);
  EndStream(stream, {.cause = ending_.has_value() ? StreamEnding::Cause::kLost
                                                  : StreamEnding::Cause::kRefused});
}

void ClientConnection::SubmitWaiting() {
  if (waiting_.empty()) return;
  const std::uint32_t most =
      nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  const nghttp2_data_provider body = RequestBody();
  while (!waiting_.empty() && open_ < most && !going_away_) {
    ClientStream* const stream = waiting_.front();
    waiting_.pop_front();
    const std::int32_t id = nghttp2_submit_request(session_, nullptr, stream->header_->data(),
                                                   stream->header_->size(), &body, stream);
    if (id < 0) {
      EndStream(stream, {.cause = StreamEnding::Cause::kRefused});
      continue;
    }
    stream->id_ = id;
    ++open_;
    ++submitted_;
    stream->next_ = first_;
    stream->previous_ = nullptr;
    if (first_ != nullptr) first_->previous_ = stream;
    first_ = stream;
  }
  if (going_away_) RefuseWaiting();
}

void ClientConnection::RefuseWaiting() {
  while (!waiting_.empty()) {
    ClientStream* const stream = waiting_.front();
    waiting_.pop_front();
    EndStream(stream, {.cause = StreamEnding::Cause::kRefused});
  }
}

void ClientConnection::Forget(ClientStream* stream) {
  if (last_found_ == stream) last_found_ = nullptr;
  if (stream->id_ == 0) {
    const auto found = std::find(waiting_.begin(), waiting_.end(), stream);
    if (found != waiting_.end()) waiting_.erase(found);
  } else {
    if (stream->next_ != nullptr) stream->next_->previous_ = stream->previous_;
    (stream->previous_ != nullptr ? stream->previous_->next_ : first_) = stream->next_;
    nghttp2_session_set_stream_user_data(session_, stream->id_, nullptr);
  }
  stream->connection_ = nullptr;
  stream->queue_.clear();
  --streams_;
}

void ClientConnection::EndStream(ClientStream* stream, const StreamEnding& ending) {
  Forget(stream);
  ++progress_;
  stream->Over(ending);
}

bool ClientConnection::Receive() {
  if (ending_.has_value()) return false;
  const ssize_t count = recv(fd_.get(), received_bytes.data(), kFairShare, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count > 0) {
    received_ = {received_bytes.data(), static_cast<std::size_t>(count)};
    return true;
  }
  const bool has_left = count == 0 || errno == ECONNRESET || errno == EPIPE;
  Fail(has_left ? ClientEnding::kServerLeft : ClientEnding::kNoSystem,
       count == 0 ? why_ : std::strerror(errno));
  return true;  // streams are to be told
}

// By its first bytes it is not HTTP/1.
bool ClientConnection::IsStillHttp2(absl::string_view bytes) {
  const absl::string_view missing = bytes.substr(0, kHttp1.size() - first_bytes_.size());
  first_bytes_.append(missing.data(), missing.size());
  return first_bytes_ != kHttp1;
}

bool ClientConnection::Handle() {
  const absl::string_view bytes = received_.substr(0, kSlice);
  received_.remove_prefix(bytes.size());
  if (!spoke_ && !IsStillHttp2(bytes)) Fail(ClientEnding::kHttp1, "");
  if (!ending_.has_value()) {
    const ssize_t taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (memory_.refused()) Fail(ClientEnding::kNoMemory, "");
    if (taken < 0) {
      Fail(spoke_ ? ClientEnding::kMalformed : ClientEnding::kNotHttp2,
           nghttp2_strerror(static_cast<int>(taken)));
    }
    if (going_away_ && !ending_.has_value()) RefuseWaiting();
  }
  CloseIfEnded();
  return !ending_.has_value() && !received_.empty();
}

void ClientConnection::Pump() {
  while (output_.size() < Output::kMost) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t count = nghttp2_session_mem_send(session_, &bytes);
    if (count == 0) return;
    if (count < 0 || memory_.refused() ||
        !output_.Copy({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count)})) {
      return Fail(ClientEnding::kNoMemory, "");
    }
  }
}

void ClientConnection::Flush() {
  for (std::size_t left = kFairShareToSend; !ending_.has_value();) {
    SubmitWaiting();
    Pump();
    if (output_.size() == 0) break;
    std::size_t sent = 0;
    const Output::Flushed flushed = output_.Flush(fd_.get(), &sent);
    left -= std::min(sent, left);
    // A server that is not read by us for long would not read us either.
    is_full_ = flushed == Output::Flushed::kPart || left == 0;
    if (flushed == Output::Flushed::kPeerLeft) {
      // What it said before that may still be there to be read.
      is_full_ = false;
      going_away_ = true;
      break;
    }
    if (flushed == Output::Flushed::kFailed) Fail(ClientEnding::kNoSystem, std::strerror(errno));
    if (is_full_) break;
  }
  CloseIfEnded();
}

void ClientConnection::Fail(ClientEnding ending, absl::string_view why) {
  if (ending_.has_value()) return;
  ending_ = ending;
  if (!why.empty() || ending != ClientEnding::kServerLeft) why_ = std::string(why);
}

void ClientConnection::CloseIfEnded() {
  if (!ending_.has_value() || session_ == nullptr) return;
  if (fd_.valid() && output_.size() > 0) {  // the GOAWAY, as far as it goes
    std::size_t sent = 0;
    output_.Flush(fd_.get(), &sent);
  }
  const StreamEnding lost = {.cause = StreamEnding::Cause::kLost};
  while (first_ != nullptr) EndStream(first_, lost);
  while (!waiting_.empty()) EndStream(waiting_.front(), lost);
  nghttp2_session_del(std::exchange(session_, nullptr));
  fd_.reset();
}

// --- Of the stream ---

void ClientStream::Send(Buffer bytes) {
  if (connection_ == nullptr || body_ended_ || bytes.size() == 0) return;
  queued_ += bytes.size();
  queue_.push_back(std::move(bytes));
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(connection_->session_, id_);
}

void ClientStream::End() {
  if (connection_ == nullptr || std::exchange(body_ended_, true)) return;
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(connection_->session_, id_);
}

void ClientStream::Cancel() {
  if (connection_ == nullptr) return;
  ClientConnection* const connection = connection_;
  connection->Forget(this);
  if (id_ != 0 && connection->session_ != nullptr) {
    nghttp2_submit_rst_stream(connection->session_, NGHTTP2_FLAG_NONE, id_, NGHTTP2_CANCEL);
  }
}

bool ClientStream::MoveTo(Output* output, std::size_t bytes) {
  queued_ -= bytes;
  std::size_t done = 0;
  for (; bytes > 0; ++done) {
    const Buffer& first = queue_[done];
    const std::size_t count = std::min(bytes, first.size() - sent_of_first_);
    if (!output->Lend(first, first.data() + sent_of_first_, count)) return false;
    sent_of_first_ += count;
    bytes -= count;
    if (sent_of_first_ < first.size()) break;
    sent_of_first_ = 0;
  }
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(done));
  return true;
}

}  // namespace http2
