// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the daemon says while it runs: each event has a sentence for people and, in the JSON format,
// a name and fields that programs may rely on. The names and fields below are a stable interface;
// the sentences are not.
//
//   ServiceEvents events(&log);
//   events.Started("unix:/tmp/sock1", getpid());
//
//   MessageEvents messages(&log, [this](absl::Duration delay, std::function<void()> work) {
//     server_.After(delay, std::move(work));
//   });
//   messages.Received(request.message(), call.connection());
//
//   event                      level  fields
//   service_started            info   address, pid
//   service_terminating        info
//   service_failed             error  code, message     why the daemon ends, or does not start
//   calls_cut_off              warn   count             by the end of the grace period
//   service_stuck              error                    it could not stop, and ends itself
//   service_reloaded           info                     SIGHUP: the new settings hold
//   reload_incomplete          warn                     and others of the flag file take a restart
//   reload_failed              error  code, message     SIGHUP: all stays as it was, but that log
//                                                       files were opened anew
//   path_left                  error  code, message     the socket could not be removed at the end
//   accept_paused              warn   code, message     out of descriptors, for example
//   path_lost                  warn   code, message     NOT_FOUND: the socket was removed or moved;
//                                                       FAILED_PRECONDITION: replaced
//   path_back                  info                     the path leads to this server again, which
//                                                       may have made its socket anew
//   path_awaited               info   uid, pid, seconds of the server that has the path and takes no
//                                                       connections, and how long it is waited for;
//                                                       pid: 0 if it cannot be told
//   directory_shared           warn   code, message     other users can replace the socket
//   path_unlocked              warn   code, message     why there is no lock beside the socket
//   access_lines_lost          warn   count             lines that the access log could not write
//   not_available              warn   what, message     the system has less than the server can use,
//                                                       and what that means. `what`: inotify,
//                                                       path_watch (level info), peer_groups,
//                                                       descriptors, memory
//   others_shut_out            warn   mode              --allow or --group, and --mode keeps all out
//   notify_failed              warn   code, message     the service manager cannot be told
//   path_taken_over            info   address           --takeover, or after SIGUSR2
//   path_handed_over           info   code, message     the server that has it now; this one drains
//   successor_started          info   pid               SIGUSR2
//   successor_failed           error  code, message     SIGUSR2: there is no new server
//   metrics_missing            error  code, message     after a takeover: the port is not free yet
//   metrics_served             info   address           --metrics, with the port that was had
//   connection_opened          info   peer              "peer" in this column is four fields:
//                                                       connection (a number that the server uses
//                                                       once), uid, gid, pid (0: not known)
//   connection_closed          info   peer
//   connection_refused         warn   code, message, peer
//                                                       no peer if there are no credentials
//   connection_stalled         warn   peer              closed: it left unread what was sent to it
//   connection_flooded         warn   peer              closed: too many frames of no use, or a
//                                                       header far too long
//   connections_opened_left_out, connections_closed_left_out
//                              info   count             lines not written
//   connections_refused_left_out
//                              warn   count             likewise
//   message_received           info   message, bytes, peer
//                                                       its first 200 characters; its whole size
//   messages_left_out          info   count             lines not written
//   call_refused               warn   method, code, message, peer
//                                                       by the server, not by a handler
//   calls_refused_left_out     warn   count             lines not written
//   call_ended                 info   method, code, message, duration_us, bytes_received,
//                                     bytes_sent, trace, peer
//                                                       with --access_log (server/call_events.h);
//                                                       trace: the caller's W3C traceparent
//   library_message            any    library, message  (server/library_log.h)
//   library_messages_left_out  error  count             lines not written
//   log_lines_lost             warn   count             (server/log.h)
//
// No more than 20 lines of each of message_received, call_refused and of each of the connection_
// events are written in any second; a line then counts the others. That count needs a timer for the end of a
// load, which each kind of line has for itself: see RunAfter.
//
// Thread safety: all of them, from any thread.
// Ownership: they borrow the log. When they go, they write the counts that are not yet told.

#ifndef SERVER_EVENTS_H_
#define SERVER_EVENTS_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "rpc/call/connection_info.h"
#include "server/line_limiter.h"
#include "server/log.h"
#include "uds/claim.h"

namespace udsecho {

// "(connection 7, uid 1000, pid 4250)": what the lines of a connection have in common.
std::string Describe(const rpc::Connection& connection);

// The peer's pid, or 0: it is informational, and not always known.
pid_t PidOf(const rpc::Connection& connection);

class ServiceEvents {
 public:
  explicit ServiceEvents(Log* log) : log_(*log) {}

  // An address is printable already, as uds::Address tells it.
  void Started(absl::string_view address, pid_t pid);
  void Terminating();
  void Failed(const absl::Status& why);
  void CallsCutOff(int64_t count);
  // `complete`: nothing else has changed.
  void Reloaded(bool complete);
  void ReloadFailed(const absl::Status& why);
  void PathLeft(const absl::Status& why);
  void AcceptPaused(const absl::Status& why);
  void Stuck();
  // OK: it is back.
  void PathChanged(const absl::Status& still_ours);
  void PathTakenOver(absl::string_view address);
  void SuccessorStarted(pid_t pid);
  void SuccessorFailed(const absl::Status& why);
  void MetricsMissing(const absl::Status& why);
  void PathAwaited(absl::string_view address, const uds::PathHolder& holder, absl::Duration wait);
  void DirectoryShared(const absl::Status& why);
  void PathUnlocked(const absl::Status& why);
  // `all_written`: none still waits.
  void AccessLinesLost(int64_t count, bool all_written);
  void OthersShutOut(mode_t mode);
  void NotAvailable(LogLevel level, absl::string_view what, absl::string_view message);
  void NotifyFailed(const absl::Status& why);
  void MetricsServed(absl::string_view address);

 private:
  Log& log_;
};

// Runs `work` after a delay, on any thread, while the events are there.
using RunAfter = std::function<void(absl::Duration delay, std::function<void()> work)>;

// Lines of one kind, limited. For the classes below and those of call_events.h.
class LimitedLines {
 public:
  // `left_out_event` and `left_out_text` are for the line with the count, which the text ends with.
  LimitedLines(Log* log, LogLevel level, absl::string_view left_out_event,
               absl::string_view left_out_text, RunAfter run_after);
  ~LimitedLines() { TellLeftOut(limiter_.TakeLeftOutNow()); }

  // Whether a line may be written now.
  bool Admit() {
    if (!log_.Wants(level_)) return false;
    const LineLimiter::Verdict verdict = limiter_.Admit();
    if (verdict.left_out > 0) TellLeftOut(verdict.left_out);
    return verdict.write;
  }

 private:
  // Wakes this kind of line alone: a limiter that is woken by another's timer asks for one more each
  // time, and soon there are millions.
  LineLimiter::WakeAfter Wake(RunAfter run_after);
  void TellLeftOut(int64_t count);

  Log& log_;
  const LogLevel level_;
  const absl::string_view left_out_event_;
  const absl::string_view left_out_text_;
  LineLimiter limiter_;
};

class MessageEvents {
 public:
  // `on_received`, if any, is called for each message, written or not.
  MessageEvents(Log* log, RunAfter run_after, std::function<void()> on_received = nullptr);

  void Received(absl::string_view message, const rpc::Connection& connection) {
    if (on_received_) on_received_();
    if (received_.Admit()) WriteReceived(message, connection);
  }

 private:
  void WriteReceived(absl::string_view message, const rpc::Connection& connection);

  Log& log_;
  LimitedLines received_;
  const std::function<void()> on_received_;
};

class ConnectionEvents {
 public:
  ConnectionEvents(Log* log, const RunAfter& run_after);

  void Opened(const rpc::Connection& connection);
  void Closed(const rpc::Connection& connection);
  // Closed before a call was served on it, or refused for a limit. Null: nothing is known of it.
  void Refused(const absl::Status& why, const rpc::Connection* connection);
  // Closed, as it left unread what was sent to it.
  void Stalled(const rpc::Connection& connection);
  // Closed, as it sent too many frames that carry nothing, or a header far too long.
  void Flooded(const rpc::Connection& connection);

 private:
  void WriteEnded(absl::string_view event, absl::string_view sentence,
                  const rpc::Connection& connection);

  Log& log_;
  LimitedLines opened_;
  LimitedLines closed_;
  LimitedLines refused_;
};

}  // namespace udsecho

#endif  // SERVER_EVENTS_H_
