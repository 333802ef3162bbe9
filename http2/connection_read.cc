// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a connection reads, until nghttp2 has it.

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "http2/connection.h"
#include "http2/first_bytes.h"
#include "http2/receive_buffer.h"
#include "http2/session_callbacks.h"

namespace http2 {
namespace {

// What nghttp2 gets at once. After each slice answers may leave, so that client and server work at
// the same time.
constexpr std::size_t kSlice = 4 * 1024;
// So many bytes are worth waking the client for before the turn is over.
constexpr std::size_t kWorthSending = 8 * 1024;

// Of a frame that nobody knows, and so everybody ignores (RFC 9113, 5.5).
constexpr char kIgnoredType = '\xff';

thread_local ReceiveBuffer<Connection::kFairShare> received_bytes;

}  // namespace

void Connection::Read() {
  const ssize_t count = recv(fd_.get(), received_bytes.data(), kFairShare, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    const bool has_left = count == 0 || errno == ECONNRESET;
    return EndAs(is_lingering_ ? Ending::kDone : has_left ? Ending::kPeerLeft : Ending::kNoSystem);
  }
  const absl::Span<char> bytes(received_bytes.data(), static_cast<std::size_t>(count));
  if (is_lingering_) return;
  if (session_ == nullptr) {
    ReadFirst(bytes);
  } else {
    Feed(bytes);
  }
}

void Connection::ReadFirst(absl::Span<char> bytes) {
  const std::size_t missing = std::min(kPreface.size() - first_bytes_.size(), bytes.size());
  first_bytes_.append(bytes.data(), missing);
  switch (LookAt(first_bytes_)) {
    case Protocol::kUndecided:
      return;
    case Protocol::kHttp1:
      static_cast<void>(output_.Copy(AnswerToHttp1()));
      return EndAs(Ending::kHttp1);
    case Protocol::kTls:
      return EndAs(Ending::kTls);
    case Protocol::kOther:
      return EndAs(Ending::kNotHttp2);
    case Protocol::kHttp2:
      break;
  }
  session_ = NewSession(this);
  if (session_ == nullptr) return EndAs(Ending::kNoMemory);
  std::string().swap(first_bytes_);
  Feed(bytes.subspan(missing));
}

void Connection::Feed(absl::Span<char> bytes) {
  while (!bytes.empty()) {
    bytes.remove_prefix(FeedSlice(bytes));
    if (ending_.has_value()) return;
    RunReady();
    Pump();
    if (output_.size() >= kWorthSending) Flush();
    if (bytes.empty() || ending_.has_value()) return;
    if (!waiting_.empty() || is_full_ || loop_.clock().Now() - turn_began_ > kTurnTime) {
      return KeepForNextTurn(bytes);
    }
  }
}

void Connection::Spend(std::int64_t cost) {
  if (!flood_budget_.Spend(cost, loop_.now())) EndFlooded();
}

bool Connection::Inspect(absl::Span<char> bytes, char* from, std::size_t count,
                         StreamIds* too_late) {
  return scanner_.Scan(from, count, [&](const FrameHead& frame, const char* end) {
    const StreamHistory::Verdict verdict = history_.Add(frame);
    if (verdict == StreamHistory::Verdict::kConnectionError) {
      EndWithGoAway(Ending::kMalformed, history_.error_code(), "a frame of a stream that is over");
      return false;
    }
    if (verdict == StreamHistory::Verdict::kStreamError) too_late->push_back(frame.stream);
    // If its head came in two reads, nghttp2 has seen a part of it, and will refuse it.
    const auto seen = static_cast<std::size_t>(end - bytes.data());
    if (verdict == StreamHistory::Verdict::kNothing && seen >= FrameScanner::kHeadBytes) {
      bytes[seen - FrameScanner::kHeadBytes + FrameScanner::kTypeAt] = kIgnoredType;
    }
    const std::int64_t cost = FloodBudget::CostOf(frame, open_streams_);
    return cost == 0 || flood_budget_.Spend(cost, loop_.now());
  });
}

std::size_t Connection::FeedSlice(absl::Span<char> bytes) {
  StreamIds too_late;  // frames of streams that the client has reset
  std::size_t count = std::min(bytes.size(), kSlice);
  bool is_fine = Inspect(bytes, bytes.data(), count, &too_late);
  // So that no head is cut in two.
  const std::size_t more = std::min(scanner_.missing(), bytes.size() - count);
  if (is_fine && more > 0) is_fine = Inspect(bytes, bytes.data() + count, more, &too_late);
  count += more;
  if (!is_fine) {
    EndFlooded();  // unless it has ended already
    return count;
  }
  FeedNghttp2(bytes.subspan(0, count), too_late);
  return count;
}

void Connection::FeedNghttp2(absl::Span<const char> bytes, const StreamIds& too_late) {
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  for (const std::uint32_t id : too_late) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, static_cast<std::int32_t>(id),
                              NGHTTP2_STREAM_CLOSED);
  }
  if (ending_.has_value()) return;  // by a callback
  if (memory_.refused()) return EndAs(Ending::kNoMemory);
  if (taken == NGHTTP2_ERR_FLOODED || taken == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) {
    return EndFlooded();
  }
  if (taken < 0) {
    return EndWithGoAway(Ending::kMalformed, NGHTTP2_PROTOCOL_ERROR,
                         nghttp2_strerror(static_cast<int>(taken)));
  }
  if (unconsumed_ > 0) {
    nghttp2_session_consume_connection(session_, std::exchange(unconsumed_, 0));
  }
}

void Connection::KeepForNextTurn(absl::Span<const char> bytes) {
  unfed_ = Buffer::New(&account_, bytes.size(), Need::kProtocol);
  if (unfed_.is_null()) return EndAs(Ending::kNoMemory);
  std::memcpy(unfed_.data(), bytes.data(), bytes.size());
  unfed_.Extend(bytes.size());
  if (!is_full_) loop_.Again(this);
}

}  // namespace http2
