// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/events.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/excerpt.h"
#include "uds/printable.h"

namespace udsecho {
namespace {

void WriteStatus(Log* log, LogLevel level, absl::string_view event, absl::string_view sentence,
                 const absl::Status& why) {
  const std::string text = absl::StrCat(sentence, uds::Printable(why.message()));
  const std::string code = absl::StatusCodeToString(why.code());
  log->Write({.level = level,
              .event = event,
              .text = text,
              .fields = {{"code", absl::string_view(code)}, {"message", why.message()}}});
}

// What is known of a connection, and nothing else.
void WritePeer(Log* log, LogLevel level, absl::string_view event, absl::string_view text,
               const rpc::Connection& connection) {
  log->Write({.level = level,
              .event = event,
              .text = text,
              .fields = {{"connection", connection.id},
                         {"uid", connection.peer.uid},
                         {"gid", connection.peer.gid},
                         {"pid", PidOf(connection)}}});
}

}  // namespace

std::string Describe(const rpc::Connection& connection) {
  std::string text = absl::StrCat("(connection ", connection.id, ", uid ", connection.peer.uid);
  if (connection.peer.pid.has_value()) absl::StrAppend(&text, ", pid ", *connection.peer.pid);
  return text + ")";
}

pid_t PidOf(const rpc::Connection& connection) { return connection.peer.pid.value_or(0); }

void ServiceEvents::Started(absl::string_view address, pid_t pid) {
  const std::string text = absl::StrCat("Starting Echo service on ", address, " (pid ", pid, ")");
  log_.Write({.level = LogLevel::kInfo,
              .event = "service_started",
              .text = text,
              .fields = {{"address", address}, {"pid", pid}}});
}

void ServiceEvents::MetricsServed(absl::string_view address) {
  const std::string text = absl::StrCat("Metrics at http://", address, "/metrics");
  log_.Write({.level = LogLevel::kInfo,
              .event = "metrics_served",
              .text = text,
              .fields = {{"address", address}}});
}

void ServiceEvents::Terminating() {
  log_.Write(
      {.level = LogLevel::kInfo, .event = "service_terminating", .text = "Terminating service"});
}

void ServiceEvents::Failed(const absl::Status& why) {
  WriteStatus(&log_, LogLevel::kError, "service_failed", "", why);
}

void ServiceEvents::CallsCutOff(int64_t count) {
  const std::string text = absl::StrCat(count, " calls in flight were cut off");
  log_.Write({.level = LogLevel::kWarn,
              .event = "calls_cut_off",
              .text = text,
              .fields = {{"count", count}}});
}

void ServiceEvents::Reloaded(bool complete) {
  log_.Write({.level = LogLevel::kInfo,
              .event = "service_reloaded",
              .text = "Reloaded: names, the allow list, the log's level and files are as new"});
  if (complete) return;
  log_.Write({.level = LogLevel::kWarn,
              .event = "reload_incomplete",
              .text = "Other flags than --allow, --log_level, --log_file and --access_log have "
                      "changed in the flag file, or an access log has come or gone: that takes a "
                      "restart"});
}

void ServiceEvents::ReloadFailed(const absl::Status& why) {
  WriteStatus(&log_, LogLevel::kError, "reload_failed", "Not reloaded, all stays as it was: ", why);
}

void ServiceEvents::PathLeft(const absl::Status& why) {
  WriteStatus(&log_, LogLevel::kError, "path_left", "", why);
}

void ServiceEvents::Stuck() {
  log_.Write({.level = LogLevel::kError,
              .event = "service_stuck",
              .text = "The service could not stop, as a call keeps its thread: giving up"});
}

void ServiceEvents::PathChanged(const absl::Status& still_ours) {
  if (absl::IsAlreadyExists(still_ours)) {
    WriteStatus(&log_, LogLevel::kInfo, "path_handed_over", "", still_ours);
    return;
  }
  if (!still_ours.ok()) {
    WriteStatus(&log_, LogLevel::kWarn, "path_lost", "", still_ours);
    return;
  }
  log_.Write({.level = LogLevel::kInfo,
              .event = "path_back",
              .text = "The socket's path leads to this server again"});
}

void ServiceEvents::PathTakenOver(absl::string_view address) {
  const std::string text = absl::StrCat("Taken over ", address, " from the server before");
  log_.Write({.level = LogLevel::kInfo,
              .event = "path_taken_over",
              .text = text,
              .fields = {{"address", address}}});
}

void ServiceEvents::SuccessorStarted(pid_t pid) {
  const std::string text = absl::StrCat("Started a new server beside this one, with pid ", pid);
  log_.Write({.level = LogLevel::kInfo,
              .event = "successor_started",
              .text = text,
              .fields = {{"pid", pid}}});
}

void ServiceEvents::SuccessorFailed(const absl::Status& why) {
  WriteStatus(&log_, LogLevel::kError, "successor_failed", "No new server: ", why);
}

void ServiceEvents::MetricsMissing(const absl::Status& why) {
  WriteStatus(&log_, LogLevel::kError, "metrics_missing", "", why);
}

void ServiceEvents::PathAwaited(absl::string_view address, const uds::PathHolder& holder,
                                absl::Duration wait) {
  const pid_t pid = holder.pid.value_or(0);
  const std::string text =
      absl::StrCat("Waiting up to ", absl::FormatDuration(wait), " for the server",
                   pid != 0 ? absl::StrCat(" with pid ", pid) : "", " of uid ", holder.uid,
                   ": it takes no connections, but has not given back ", address);
  log_.Write(
      {.level = LogLevel::kInfo,
       .event = "path_awaited",
       .text = text,
       .fields = {{"uid", holder.uid}, {"pid", pid}, {"seconds", absl::ToInt64Seconds(wait)}}});
}

void ServiceEvents::DirectoryShared(const absl::Status& why) {
  WriteStatus(&log_, LogLevel::kWarn, "directory_shared",
              "Serving all the same, as --allow_shared_directory says: ", why);
}

void ServiceEvents::PathUnlocked(const absl::Status& why) {
  WriteStatus(&log_, LogLevel::kWarn, "path_unlocked", "Serving without a lock: ", why);
}

void ServiceEvents::AccessLinesLost(int64_t count, bool all_written) {
  log_.Write({.level = LogLevel::kWarn,
              .event = "access_lines_lost",
              .text = absl::StrCat("The access log lacks ", count, all_written ? "" : " and more",
                                   " lines: its file took them too slowly, or not at all; look at "
                                   "its disk or its reader"),
              .fields = {{"count", count}}});
}

void ServiceEvents::OthersShutOut(mode_t mode) {
  const std::string octal = absl::StrFormat("%04o", mode);
  const std::string text =
      absl::StrCat("The socket's mode ", octal,
                   " keeps others from connecting, so that --allow or --group lets in nobody: give "
                   "--mode=0660 or --mode=0666 too");
  log_.Write({.level = LogLevel::kWarn,
              .event = "others_shut_out",
              .text = text,
              .fields = {{"mode", absl::string_view(octal)}}});
}

void ServiceEvents::NotAvailable(LogLevel level, absl::string_view what,
                                 absl::string_view message) {
  const std::string text = uds::Printable(message);
  log_.Write({.level = level,
              .event = "not_available",
              .text = text,
              .fields = {{"what", what}, {"message", message}}});
}

void ServiceEvents::NotifyFailed(const absl::Status& why) {
  WriteStatus(&log_, LogLevel::kWarn, "notify_failed", "", why);
}

void ServiceEvents::AcceptPaused(const absl::Status& why) {
  WriteStatus(&log_, LogLevel::kWarn, "accept_paused", "Accepting is paused: ", why);
}

LimitedLines::LimitedLines(Log* log, LogLevel level, absl::string_view left_out_event,
                           absl::string_view left_out_text, RunAfter run_after)
    : log_(*log),
      level_(level),
      left_out_event_(left_out_event),
      left_out_text_(left_out_text),
      limiter_(Wake(std::move(run_after))) {}

LineLimiter::WakeAfter LimitedLines::Wake(RunAfter run_after) {
  if (run_after == nullptr) return nullptr;
  return [this, run_after = std::move(run_after)](absl::Duration delay) {
    run_after(delay, [this] { TellLeftOut(limiter_.TakeLeftOut()); });
  };
}

void LimitedLines::TellLeftOut(int64_t count) {
  if (count == 0) return;
  const std::string text = absl::StrCat(left_out_text_, count);
  log_.Write(
      {.level = level_, .event = left_out_event_, .text = text, .fields = {{"count", count}}});
}

MessageEvents::MessageEvents(Log* log, RunAfter run_after, std::function<void()> on_received)
    : log_(*log),
      received_(log, LogLevel::kInfo, "messages_left_out",
                "Incoming messages not shown: ", std::move(run_after)),
      on_received_(std::move(on_received)) {}

void MessageEvents::WriteReceived(absl::string_view message, const rpc::Connection& connection) {
  const std::string text = absl::StrCat("Incoming message: ", PrintableExcerpt(message),
                                        " (connection ", connection.id, ")");
  log_.Write({.level = LogLevel::kInfo,
              .event = "message_received",
              .text = text,
              .fields = {{"message", RawExcerpt(message)},
                         {"bytes", message.size()},
                         {"connection", connection.id},
                         {"uid", connection.peer.uid},
                         {"gid", connection.peer.gid},
                         {"pid", PidOf(connection)}}});
}

ConnectionEvents::ConnectionEvents(Log* log, const RunAfter& run_after)
    : log_(*log),
      opened_(log, LogLevel::kInfo, "connections_opened_left_out",
              "Connections opened and not shown: ", run_after),
      closed_(log, LogLevel::kInfo, "connections_closed_left_out",
              "Connections closed and not shown: ", run_after),
      refused_(log, LogLevel::kWarn, "connections_refused_left_out",
               "Connections refused and not shown: ", run_after) {}

void ConnectionEvents::Opened(const rpc::Connection& connection) {
  if (!opened_.Admit()) return;
  WritePeer(&log_, LogLevel::kInfo, "connection_opened",
            absl::StrCat("* Starting communication with a client * ", Describe(connection)),
            connection);
}

void ConnectionEvents::Closed(const rpc::Connection& connection) {
  if (!closed_.Admit()) return;
  WritePeer(&log_, LogLevel::kInfo, "connection_closed",
            absl::StrCat("Client socket was closed by peer (connection ", connection.id, ")"),
            connection);
}

void ConnectionEvents::Refused(const absl::Status& why, const rpc::Connection* connection) {
  if (!refused_.Admit()) return;
  if (connection == nullptr) {
    return WriteStatus(&log_, LogLevel::kWarn, "connection_refused",
                       "A connection was refused: ", why);
  }
  const std::string text = absl::StrCat("A connection was refused: ", uds::Printable(why.message()),
                                        " ", Describe(*connection));
  const std::string code = absl::StatusCodeToString(why.code());
  log_.Write({.level = LogLevel::kWarn,
              .event = "connection_refused",
              .text = text,
              .fields = {{"code", absl::string_view(code)},
                         {"message", why.message()},
                         {"connection", connection->id},
                         {"uid", connection->peer.uid},
                         {"gid", connection->peer.gid},
                         {"pid", PidOf(*connection)}}});
}

void ConnectionEvents::Stalled(const rpc::Connection& connection) {
  WriteEnded("connection_stalled", "A client does not read what it asked for, and is closed ",
             connection);
}

void ConnectionEvents::Flooded(const rpc::Connection& connection) {
  WriteEnded("connection_flooded", "A client sends too much that carries nothing, and is closed ",
             connection);
}

void ConnectionEvents::WriteEnded(absl::string_view event, absl::string_view sentence,
                                  const rpc::Connection& connection) {
  if (!refused_.Admit()) return;
  WritePeer(&log_, LogLevel::kWarn, event, absl::StrCat(sentence, Describe(connection)),
            connection);
}

}  // namespace udsecho
