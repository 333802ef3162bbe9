// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/connection.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "http2/session_callbacks.h"

namespace http2 {
namespace {

// So many are sent in a turn.
constexpr std::size_t kFairShareToSend = 256 * 1024;

// What comes back with the answer to one kind of PING. The others have zeros.
constexpr std::array<std::uint8_t, 8> kDoYouRead = {'r', 'e', 'a', 'd', 'i', 'n', 'g', '?'};

std::unique_ptr<Timer> TimerUnlessNever(absl::Duration duration, std::function<void()> expire) {
  if (duration == absl::InfiniteDuration()) return nullptr;
  return std::make_unique<Timer>(std::move(expire));
}

}  // namespace

Connection::Connection(Loop* loop, uds::UniqueFd fd, Account* account, const Settings* settings,
                       Application* application)
    : loop_(*loop),
      fd_(std::move(fd)),
      account_(*account),
      settings_(*settings),
      application_(*application),
      memory_(account),
      flood_budget_(loop->now()),
      output_(account),
      last_ping_(loop->now()),
      phase_([this] { PhaseIsOver(); }),
      unread_([this] { EndAs(Ending::kUnread); }),
      held_up_([this] { AskWhetherItReads(); }),
      idle_(TimerUnlessNever(settings->max_idle, [this] { Drain(); })),
      age_(TimerUnlessNever(settings->max_age, [this] {
        if (std::exchange(is_old_, true)) return EndAs(Ending::kAsked);
        Drain();
        loop_.timers().Set(age_.get(), loop_.now() + ToNanoseconds(settings_.max_age_grace));
      })) {}

Connection::~Connection() {
  if (!ended_) Close();
}

void Connection::Start() {
  watched_for_ = EPOLLIN;
  loop_.timers().Set(&phase_, loop_.now() + ToNanoseconds(settings_.handshake_timeout));
  if (!loop_.Watch(fd_.get(), watched_for_, this).ok()) EndAs(Ending::kNoSystem);
}

bool Connection::HasHadItsTurn() const {
  return turn_round_ == loop_.round() || account_.UsedIn(loop_.round()) > kTurnTime;
}

void Connection::Ready(std::uint32_t events) {
  if (ended_) return;
  if (HasHadItsTurn()) {
    // Kept: the next turn comes before the loop tells of these again.
    missed_events_ |= events;
    return loop_.Again(this);
  }
  events |= std::exchange(missed_events_, 0U);
  turn_round_ = loop_.round();
  turn_began_ = loop_.LapBegan();
  in_turn_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) is_full_ = false;
  RunWaiting();
  if (waiting_.empty() && !is_full_ && !ending_.has_value()) {
    if (!unfed_.is_null()) {
      Buffer bytes = std::exchange(unfed_, Buffer());
      Feed(absl::MakeSpan(bytes.data(), bytes.size()));
    } else if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
      Read();
    }
  }
  FinishTurn();
}

void Connection::RoundEnds() {
  if (ended_) return;
  in_turn_ = true;
  turn_began_ = loop_.LapBegan();
  FinishTurn();
}

void Connection::AddReady(Stream* stream) {
  if (std::exchange(stream->is_ready_, true)) return;
  ready_.push_back(stream);
  Touched();
}

void Connection::Touched() {
  if (!in_turn_ && !ended_) loop_.AtRoundEnd(this);
}

void Connection::RunReady() {
  // NOLINTNEXTLINE(modernize-loop-convert): more may come meanwhile
  for (std::size_t i = 0; i < ready_.size(); ++i) {
    Stream* const stream = ready_[i];
    stream->is_ready_ = false;
    if (stream->closed_) {
      Forget(stream);
    } else if (stream->exchange_ != nullptr && !stream->is_waiting_ && stream->exchange_->Run()) {
      stream->is_waiting_ = true;
      waiting_.push_back(stream);
      loop_.Again(this);
    }
  }
  ready_.clear();
}

void Connection::RunWaiting() {
  while (!waiting_.empty() && loop_.clock().Now() - turn_began_ <= kTurnTime) {
    Stream* const stream = waiting_.front();
    waiting_.erase(waiting_.begin());
    const bool more = !stream->closed_ && stream->exchange_->Run();
    stream->is_waiting_ = more;
    if (more) waiting_.push_back(stream);
  }
  if (!waiting_.empty()) loop_.Again(this);
}

void Connection::Began(Stream* stream) {
  stream->next_ = streams_;
  if (streams_ != nullptr) streams_->previous_ = stream;
  streams_ = stream;
  ++open_streams_;
  was_of_use_ = true;
  if (draining()) served_while_draining_ = true;
  if (idle_ != nullptr) loop_.timers().Cancel(idle_.get());
}

void Connection::Closed(Stream* stream) {
  stream->closed_ = true;
  --open_streams_;
  if (stream->exchange_ != nullptr) stream->exchange_->StreamClosed();
  AddReady(stream);
}

void Connection::Forget(Stream* stream) {
  if (stream->is_waiting_) std::erase(waiting_, stream);
  if (stream->next_ != nullptr) stream->next_->previous_ = stream->previous_;
  (stream->previous_ != nullptr ? stream->previous_->next_ : streams_) = stream->next_;
  delete stream;
  if (idle_ != nullptr && open_streams_ == 0 && !ended_) {
    loop_.timers().Set(idle_.get(), loop_.now() + ToNanoseconds(settings_.max_idle));
  }
}

void Connection::Pump() {
  while (session_ != nullptr && output_.size() < Output::kMost) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t count = nghttp2_session_mem_send(session_, &bytes);
    if (count == 0) return;
    if (count < 0 ||
        !output_.Copy({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count)})) {
      return EndAs(Ending::kNoMemory);
    }
  }
}

void Connection::Flush() {
  if (is_full_) return;
  std::size_t sent = 0;
  switch (output_.Flush(fd_.get(), &sent)) {
    case Output::Flushed::kAll:
      return loop_.timers().Cancel(&unread_);
    case Output::Flushed::kPeerLeft:
      return EndAs(Ending::kPeerLeft);
    case Output::Flushed::kFailed:
      return EndAs(Ending::kNoSystem);
    case Output::Flushed::kPart:
      is_full_ = true;
      if (sent == 0 && unread_.is_set()) return;
      return loop_.timers().Set(&unread_, loop_.now() + ToNanoseconds(settings_.send_timeout));
  }
}

void Connection::FinishTurn() {
  std::size_t to_send = kFairShareToSend;
  while (!ending_.has_value()) {
    RunReady();
    Pump();
    if (memory_.refused()) EndAs(Ending::kNoMemory);
    if (!ready_.empty()) continue;
    if (output_.size() == 0 || is_full_) break;
    const std::size_t before = output_.size();
    if (before > to_send) {
      loop_.Again(this);
      break;
    }
    to_send -= before;
    Flush();
  }
  EndIfDone();
  if (ending_.has_value()) {
    if (ending_ == Ending::kAsked) Pump();
    Close();
    account_.Used(loop_.round(), loop_.Lap());
    return application_.Ended(*this, *ending_);
  }
  WatchWhatMatters();
  MindWindows();
  account_.Used(loop_.round(), loop_.Lap());
  in_turn_ = false;
}

void Connection::WatchWhatMatters() {
  const bool may_read = waiting_.empty() && unfed_.is_null() && !is_full_;
  const std::uint32_t events = (may_read ? EPOLLIN : 0U) | (is_full_ ? EPOLLOUT : 0U);
  if (std::exchange(watched_for_, events) != events) loop_.Change(fd_.get(), events, this);
}

// Pump() has taken what the windows let through.
void Connection::MindWindows() {
  if (queued_ == 0 || output_.size() > 0 || is_full_) return NotHeldUp();
  if (held_up_.is_set()) return;
  asked_to_read_ = false;
  loop_.timers().Set(&held_up_, loop_.now() + ToNanoseconds(settings_.send_timeout) / 2);
}

void Connection::AskWhetherItReads() {
  if (std::exchange(asked_to_read_, true)) return EndAs(Ending::kUnread);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, kDoYouRead.data());
  loop_.timers().Set(&held_up_, loop_.now() + ToNanoseconds(settings_.send_timeout) / 2);
  Touched();
}

void Connection::SettingsCame() {
  if (std::exchange(spoke_, true)) return;
  loop_.timers().Cancel(&phase_);
  if (idle_ != nullptr) {
    loop_.timers().Set(idle_.get(), loop_.now() + ToNanoseconds(settings_.max_idle));
  }
  if (age_ != nullptr) {
    loop_.timers().Set(age_.get(), loop_.now() + ToNanoseconds(settings_.max_age));
  }
  if (!application_.Spoke(*this)) EndAs(Ending::kAsked);
  if (draining()) Drain();
}

void Connection::PingCame(bool is_ack, std::uint8_t first_byte) {
  if (is_ack && first_byte == kDoYouRead[0]) return NotHeldUp();  // until the turn's end
  if (is_ack) {
    if (drain_ == DrainStep::kNoticeSent) GoAway();
    return;
  }
  constexpr int kStrikes = 3;
  const Nanoseconds since = loop_.now() - std::exchange(last_ping_, loop_.now());
  const bool is_idle = open_streams_ == 0;
  const bool is_against_the_rules =
      since < ToNanoseconds(settings_.min_ping_interval) || (is_idle && !settings_.pings_when_idle);
  if (std::exchange(was_of_use_, false)) {
    ping_strikes_ = 0;
  } else if (is_against_the_rules && ++ping_strikes_ == kStrikes) {
    EndWithGoAway(Ending::kTooManyPings, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
  }
}

}  // namespace http2
