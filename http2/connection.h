// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server's connection: HTTP/2 on a connected socket, by nghttp2, within exact bounds.
//
//   auto connection = std::make_unique<http2::Connection>(loop, std::move(fd), &account, &settings,
//                                                         &application);
//   absl::Status started = connection->Start();
//   ...
//   connection->Drain();                    // GOAWAY; ends with its last stream
//   connection->End();                      // at once; then application.Ended() was called
//
// A turn: at most one recv(2) of kFairShare bytes, which nghttp2 gets in slices; after each slice
// the exchanges run that have something to do, and what they send gathers; it leaves with one
// sendmsg(2) at the end of the turn, or before, once there is enough to be worth waking the client.
// A connection whose uid has had its part of a round waits for the next one.
//
// What it holds is counted on its account as it is allocated, nghttp2's memory too. What would go
// over the account's bound is refused before it is taken.
//
// Thread safety: none; lives on its loop's thread.
// Ownership: owns its socket and its streams. Borrows the rest, which outlives it.

#ifndef HTTP2_CONNECTION_H_
#define HTTP2_CONNECTION_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "http2/account.h"
#include "http2/exchange.h"
#include "http2/flood_budget.h"
#include "http2/loop.h"
#include "http2/output.h"
#include "http2/stream.h"
#include "http2/stream_history.h"
#include "http2/timer.h"
#include "uds/unique_fd.h"

namespace http2 {

// What all connections of a server have in common. Durations are above 0; infinite: never.
struct Settings {
  // Streams open at once, as announced; one more is refused (REFUSED_STREAM). From 1.
  std::uint32_t max_streams = 1024;
  // So many more are taken all the same, for the exchange to refuse them with words.
  std::uint32_t streams_above_max = 0;

  // A request's header, as RFC 9113, 6.5.2 counts it: names, values and 32 for each field. Longer
  // ones are marked (Stream::header_too_long); one of kHeaderFactor times that ends the connection.
  std::uint32_t max_header_bytes = 8 * 1024;
  static constexpr std::uint32_t kHeaderFactor = 8;

  // What a client may send of one stream before the exchange has taken it; and what may be on its
  // way of all together, which comes back as it is read: a stream that is not taken from does not
  // stop another. The account bounds what waits.
  std::uint32_t stream_window_bytes = 256 * 1024;
  std::uint32_t connection_window_bytes = 1024 * 1024;

  absl::Duration handshake_timeout = absl::Seconds(10);
  // How long a client may leave unread what was sent to it.
  absl::Duration send_timeout = absl::Seconds(30);
  // How long a client may take to leave after GOAWAY before its next stream is not taken.
  absl::Duration drain_timeout = absl::Seconds(1);

  // Drained when it has had no stream for so long, or was open for so long; then its streams may go
  // on for the grace.
  absl::Duration max_idle = absl::InfiniteDuration();
  absl::Duration max_age = absl::InfiniteDuration();
  absl::Duration max_age_grace = absl::InfiniteDuration();

  // How often a client may send PING when no header and no DATA comes or goes between them; one
  // that does so more often, three times in a row, gets GOAWAY ("too_many_pings"). 0:
  // flood_budget.h alone bounds them.
  absl::Duration min_ping_interval = absl::ZeroDuration();
  // Whether it may without a stream.
  bool pings_when_idle = true;
};

class Connection final : public Loop::Watcher {
 public:
  // What is read at once, and so the most that one turn takes, in bytes.
  static constexpr std::size_t kFairShare = 64 * 1024;

  Connection(Loop* loop, uds::UniqueFd fd, Account* account, const Settings* settings,
             Application* application);
  ~Connection() override;

  // Begins to read. RESOURCE_EXHAUSTED when the loop can watch no more.
  absl::Status Start();

  // Tells the client to go away (GOAWAY in two steps: RFC 9113, 6.8), and ends the connection once
  // its streams have ended. New ones that are on their way are served.
  void Drain();

  // GOAWAY at once: streams that are on their way are not taken any more.
  void GoAway();

  // Ends the connection and all of its streams at once, after an attempt to send what is queued.
  void End() { EndAs(Ending::kAsked); }

  bool spoke() const { return spoke_; }
  bool draining() const { return drain_ != DrainStep::kNone; }
  bool ended() const { return ended_; }
  std::size_t open_streams() const { return open_streams_; }
  // Bytes that the socket has not taken yet.
  std::size_t unsent() const { return output_.size(); }

  Account& account() const { return account_; }
  Loop& loop() const { return loop_; }
  int fd() const { return fd_.get(); }

 private:
  friend class Stream;
  friend struct SessionCallbacks;

  enum class DrainStep { kNone, kWanted, kNoticeSent, kGoAwaySent };

  // Of Loop::Watcher.
  void Ready(std::uint32_t events) override;
  void RoundEnds() override;

  bool HasHadItsTurn() const;
  void RunWaiting();
  void Read();
  // The first bytes, until the preface is whole.
  void ReadFirst(absl::string_view bytes);
  void Feed(absl::string_view bytes);
  void FeedSlice(absl::string_view slice);
  // For what only nghttp2 sees to be of no use.
  void Spend(std::int64_t cost);
  void KeepForNextTurn(absl::string_view bytes);

  void AddReady(Stream* stream);
  void RunReady();
  void Touched();
  void Began(Stream* stream);
  void Closed(Stream* stream);
  void Forget(Stream* stream);

  void Pump();
  void Flush();
  void FinishTurn();
  void WatchWhatMatters();
  // Ends the connection if neither side has anything to say any more.
  void EndIfDone();
  // Waits for the client to close, and reads what it still sends: a client that is writing when the
  // connection is closed may drop the answers that it has not read yet.
  void Linger();
  void PhaseIsOver();

  void SettingsCame();
  void PingCame(bool is_ack);
  void EndWithGoAway(Ending how, std::uint32_t error_code, absl::string_view why);
  void EndFlooded();
  void EndAs(Ending how);
  void Close();

  Loop& loop_;
  uds::UniqueFd fd_;
  Account& account_;
  const Settings& settings_;
  Application& application_;

  nghttp2_session* session_ = nullptr;
  std::string first_bytes_;
  FloodBudget flood_budget_;
  FrameScanner scanner_;
  StreamHistory history_;

  Stream* streams_ = nullptr;  // a list
  std::size_t open_streams_ = 0;
  std::vector<Stream*> ready_;    // for which something came
  std::vector<Stream*> waiting_;  // whose Run() has more to do
  Buffer unfed_;                  // read, and kept for the next turn
  Output output_;

  bool spoke_ = false;
  bool ended_ = false;
  std::optional<Ending> ending_;  // once this turn is over
  bool in_turn_ = false;
  bool is_full_ = false;       // the socket takes no more
  bool no_memory_ = false;     // nghttp2 was refused some
  bool is_malformed_ = false;  // nghttp2 has sent its GOAWAY
  std::uint32_t watched_for_ = 0;
  std::uint32_t missed_events_ = 0;  // that came when it had had its turn
  std::uint64_t turn_round_ = 0;
  Nanoseconds turn_began_ = 0;
  std::size_t unconsumed_ = 0;  // bytes that came and the connection's window has not back

  DrainStep drain_ = DrainStep::kNone;
  bool served_while_draining_ = false;
  bool is_lingering_ = false;
  bool is_old_ = false;      // reached Settings::max_age
  bool was_of_use_ = false;  // since the last PING
  int ping_strikes_ = 0;
  Nanoseconds last_ping_;
  Timer phase_;  // of the handshake, of the drain, or of lingering
  Timer unread_;
  std::unique_ptr<Timer> idle_;
  std::unique_ptr<Timer> age_;
};

}  // namespace http2

#endif  // HTTP2_CONNECTION_H_
