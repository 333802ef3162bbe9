// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server's connection: HTTP/2 on a connected socket, by nghttp2, within exact bounds.
//
//   auto connection = std::make_unique<http2::Connection>(loop, std::move(fd), &account, &settings,
//                                                         &application);
//   connection->Start();
//   ...
//   connection->Drain();                    // GOAWAY; ends with its last stream
//   connection->End();                      // at once; application.Ended() is called
//
// A connection works in turns. In a turn it reads once (recv(2), at most kFairShare bytes) and
// hands the bytes to nghttp2 in slices. After each slice it runs the exchanges that have
// something to do.
// What they send is gathered, and leaves with one sendmsg(2) at the end of the turn; or earlier,
// once there is enough to be worth waking the client for. If its uid has used up its time in this
// round of the loop, the connection waits for the next round.
//
// Memory is counted on the account as it is allocated, nghttp2's too. What would be over the
// account's bound is refused before it is allocated.
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

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "http2/account.h"
#include "http2/exchange.h"
#include "http2/flood_budget.h"
#include "http2/loop.h"
#include "http2/output.h"
#include "http2/session_memory.h"
#include "http2/stream.h"
#include "http2/stream_history.h"
#include "http2/timer.h"
#include "uds/unique_fd.h"

namespace http2 {

// What all connections of a server have in common. Durations are above 0, or from 0 where it says so;
// infinite: never.
struct Settings {
  // Streams open at once, as announced; one more is refused (REFUSED_STREAM). From 1.
  std::uint32_t max_streams = 1024;
  // So many more are taken all the same, so that the exchange can say why it refuses them.
  std::uint32_t streams_above_max = 0;

  // The longest header of a request, in bytes as RFC 9113, 6.5.2 counts them: names, values and 32
  // for each field. A longer one is marked (Stream::header_too_long); one that is kHeaderFactor
  // times as long ends the connection.
  std::uint32_t max_header_bytes = 8 * 1024;
  static constexpr std::uint32_t kHeaderFactor = 8;

  // Flow control. A stream's window opens as its exchange takes what came (Stream::Consume). The
  // connection's opens as bytes are read from the socket, so that a stream whose exchange takes
  // nothing does not stop another; the account bounds what waits.
  std::uint32_t stream_window_bytes = 256 * 1024;
  std::uint32_t connection_window_bytes = 1024 * 1024;

  absl::Duration handshake_timeout = absl::Seconds(10);
  // How long a client may read nothing of what was sent to it. If its windows hold something up and its
  // socket does not, a PING finds out whether it reads: one that takes its time with the data answers.
  absl::Duration send_timeout = absl::Seconds(30);
  // How long after the first GOAWAY new streams are served, if the client does not answer the PING
  // behind it. The second GOAWAY follows then.
  absl::Duration drain_timeout = absl::Seconds(1);

  // Drained once it has had no stream for so long, or has been open for so long. In the second case
  // its streams may go on for the grace.
  absl::Duration max_idle = absl::InfiniteDuration();
  absl::Duration max_age = absl::InfiniteDuration();
  absl::Duration max_age_grace = absl::InfiniteDuration();

  // The least time between two PINGs of a client with no header and no DATA, either way, between
  // them. A client that pings sooner three times in a row gets GOAWAY ("too_many_pings"). 0:
  // flood_budget.h alone bounds PINGs.
  absl::Duration min_ping_interval = absl::ZeroDuration();
  // Whether it may ping without a stream; otherwise that counts as too soon.
  bool pings_when_idle = true;
};

class Connection final : public Loop::Watcher {
 public:
  // The most that is read in one turn, in bytes.
  static constexpr std::size_t kFairShare = 64 * 1024;

  Connection(Loop* loop, uds::UniqueFd fd, Account* account, const Settings* settings,
             Application* application);
  ~Connection() override;

  // Begins to read. If the kernel watches too many descriptors already, the connection ends.
  void Start();

  // Tells the client to go away (GOAWAY in two steps: RFC 9113, 6.8), and ends the connection once
  // its streams have ended. New ones that are on their way are served.
  void Drain();

  // The second GOAWAY at once: streams that are still on their way are refused.
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

  // What the connections of one uid may take of a round before they wait for the next one.
  static constexpr Nanoseconds kTurnTime = 2'000'000;

  enum class DrainStep { kNone, kWanted, kNoticeSent, kGoAwaySent };

  // Of Loop::Watcher.
  void Ready(std::uint32_t events) override;
  void RoundEnds() override;

  bool HasHadItsTurn() const;
  void RunWaiting();
  void Read();
  // The first bytes, until the preface is whole.
  void ReadFirst(absl::Span<char> bytes);
  void Feed(absl::Span<char> bytes);
  using StreamIds = absl::InlinedVector<std::uint32_t, 4>;
  // How many bytes it took.
  std::size_t FeedSlice(absl::Span<char> bytes);
  // Whether nghttp2 may see the frames whose heads end in `count` bytes from `from` on, within `bytes`.
  bool Inspect(absl::Span<char> bytes, char* from, std::size_t count, StreamIds* too_late);
  void FeedNghttp2(absl::Span<const char> bytes, const StreamIds& too_late);
  // Draws on the flood budget for a frame that only nghttp2 can tell to be of no use.
  void Spend(std::int64_t cost);
  void KeepForNextTurn(absl::Span<const char> bytes);

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
  void MindWindows();
  void AskWhetherItReads();
  void NotHeldUp() {
    if (held_up_.is_set()) loop_.timers().Cancel(&held_up_);
  }
  // Ends the connection if nothing is left to be read or sent.
  void EndIfDone();
  // Waits for the client to close, and reads what it still sends: a client that is writing when the
  // connection is closed may drop the answers that it has not read yet.
  void Linger();
  void PhaseIsOver();

  void SettingsCame();
  void PingCame(bool is_ack, std::uint8_t first_byte);
  void EndWithGoAway(Ending how, std::uint32_t error_code, absl::string_view why);
  void EndFlooded();
  void EndAs(Ending how);
  void Close();

  Loop& loop_;
  uds::UniqueFd fd_;
  Account& account_;
  const Settings& settings_;
  Application& application_;

  SessionMemory memory_;
  nghttp2_session* session_ = nullptr;
  std::string first_bytes_;
  FloodBudget flood_budget_;
  FrameScanner scanner_;
  StreamHistory history_;

  Stream* streams_ = nullptr;  // the first of a list
  std::size_t open_streams_ = 0;
  std::vector<Stream*> ready_;    // for which something came
  std::vector<Stream*> waiting_;  // whose Run() has more to do
  Buffer unfed_;                  // bytes that were read, for nghttp2 in the next turn
  Output output_;

  bool spoke_ = false;
  bool ended_ = false;
  std::optional<Ending> ending_;  // once this turn is over
  bool in_turn_ = false;
  bool is_full_ = false;       // the socket takes no more
  bool is_malformed_ = false;  // nghttp2 has sent its GOAWAY
  std::uint32_t watched_for_ = 0;
  std::uint32_t missed_events_ = 0;  // that came after its turn in their round
  std::uint64_t turn_round_ = 0;
  Nanoseconds turn_began_ = 0;
  std::size_t unconsumed_ = 0;  // bytes by which the connection's window is to be opened again

  DrainStep drain_ = DrainStep::kNone;
  bool served_while_draining_ = false;
  bool is_lingering_ = false;
  bool is_old_ = false;      // reached Settings::max_age
  bool was_of_use_ = false;  // since the last PING
  int ping_strikes_ = 0;
  Nanoseconds last_ping_;
  Timer phase_;  // of the handshake, of the drain, or of lingering
  Timer unread_;
  std::size_t queued_ = 0;      // bytes of all streams that have not left them
  bool asked_to_read_ = false;  // by a PING that has not come back
  Timer held_up_;               // what is queued, by the client's windows
  std::unique_ptr<Timer> idle_;
  std::unique_ptr<Timer> age_;
};

}  // namespace http2

#endif  // HTTP2_CONNECTION_H_
