// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How a connection ends: drained, by what its client did, or at once.

#include <sys/socket.h>

#include <string>

#include "http2/connection.h"

namespace http2 {

void Connection::Drain() {
  if (ended_ || drain_ > DrainStep::kWanted) return;
  drain_ = DrainStep::kWanted;
  served_while_draining_ = open_streams_ > 0;
  loop_.timers().Set(&phase_, loop_.now() + ToNanoseconds(settings_.drain_timeout));
  if (!spoke_) return;  // once it has
  drain_ = DrainStep::kNoticeSent;
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);  // when it comes back, GOAWAY was read
  Touched();
}

void Connection::GoAway() {
  if (ended_ || drain_ == DrainStep::kGoAwaySent) return;
  if (session_ == nullptr) return EndAs(Ending::kAsked);
  drain_ = DrainStep::kGoAwaySent;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
  Touched();
}

void Connection::PhaseIsOver() {
  if (is_lingering_) return EndAs(Ending::kDone);
  if (!spoke_) return EndAs(Ending::kNeverSpoke);
  GoAway();
}

void Connection::EndIfDone() {
  if (ending_.has_value() || session_ == nullptr || output_.size() > 0 || is_lingering_) return;
  if (nghttp2_session_want_read(session_) != 0 || nghttp2_session_want_write(session_) != 0) return;
  if (drain_ == DrainStep::kGoAwaySent && served_while_draining_ && !is_malformed_) {
    return Linger();
  }
  ending_ = is_malformed_                      ? Ending::kMalformed
            : drain_ == DrainStep::kGoAwaySent ? Ending::kDone
                                               : Ending::kPeerLeft;
}

void Connection::Linger() {
  is_lingering_ = true;
  shutdown(fd_.get(), SHUT_WR);
  loop_.timers().Set(&phase_, loop_.now() + ToNanoseconds(settings_.drain_timeout));
}

void Connection::EndFlooded() {
  EndWithGoAway(Ending::kFlooded, NGHTTP2_ENHANCE_YOUR_CALM, "too many frames of no use");
}

void Connection::EndWithGoAway(Ending how, std::uint32_t error_code, absl::string_view why) {
  if (ended_ || ending_.has_value()) return;
  // By hand, as nghttp2 may be in no state to: a connection error is its last word.
  const auto last = static_cast<std::uint32_t>(nghttp2_session_get_last_proc_stream_id(session_));
  std::string frame = {0, 0, static_cast<char>(8 + why.size()), NGHTTP2_GOAWAY, 0, 0, 0, 0, 0};
  for (const std::uint32_t number : {last, error_code}) {
    for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(number >> shift);
  }
  frame.append(why.data(), why.size());
  static_cast<void>(output_.Copy(frame));
  EndAs(how);
}

void Connection::EndAs(Ending how) {
  if (ended_ || ending_.has_value()) return;
  ending_ = how;
  Touched();  // in a turn it ends with that
}

void Connection::Close() {
  ended_ = true;
  std::size_t sent = 0;
  if (!is_full_) output_.Flush(fd_.get(), &sent);
  loop_.timers().Cancel(&phase_);
  loop_.timers().Cancel(&unread_);
  NotHeldUp();
  idle_ = nullptr;
  age_ = nullptr;
  for (Stream* stream = streams_; stream != nullptr; stream = stream->next_) stream->closed_ = true;
  open_streams_ = 0;
  while (streams_ != nullptr) Forget(streams_);
  nghttp2_session_del(session_);
  session_ = nullptr;
  loop_.Unwatch(fd_.get(), this);
  fd_.reset();
}

}  // namespace http2
