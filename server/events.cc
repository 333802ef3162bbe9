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

// The pid is decoration, and not always to be had.
pid_t PidOf(const uds::PeerCredentials& peer) { return peer.pid.value_or(0); }

std::string Describe(const uds::PeerCredentials& peer) {
  std::string text = absl::StrCat("(uid ", peer.uid);
  if (peer.pid.has_value()) absl::StrAppend(&text, ", pid ", *peer.pid);
  return text + ")";
}

void WriteStatus(Log* log, LogLevel level, absl::string_view event, absl::string_view sentence,
                 const absl::Status& why) {
  const std::string text = absl::StrCat(sentence, uds::Printable(why.message()));
  const std::string code = absl::StatusCodeToString(why.code());
  log->Write({.level = level,
              .event = event,
              .text = text,
              .fields = {{"code", absl::string_view(code)}, {"message", why.message()}}});
}

}  // namespace

void ServiceEvents::Started(absl::string_view address, pid_t pid) {
  const std::string text =
      absl::StrCat("Starting Echo service on ", uds::Printable(address), " (pid ", pid, ")");
  log_.Write({.level = LogLevel::kInfo,
              .event = "service_started",
              .text = text,
              .fields = {{"address", address}, {"pid", pid}}});
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

void ServiceEvents::Stuck() {
  log_.Write({.level = LogLevel::kError,
              .event = "service_stuck",
              .text = "The service could not stop, as a call keeps its thread: giving up"});
}

void ServiceEvents::PathChanged(const absl::Status& still_ours) {
  if (!still_ours.ok()) {
    WriteStatus(&log_, LogLevel::kWarn, "path_lost", "", still_ours);
    return;
  }
  log_.Write({.level = LogLevel::kInfo,
              .event = "path_back",
              .text = "The socket's path leads to this server again"});
}

void ServiceEvents::PathAwaited(absl::string_view address, const uds::PathHolder& holder,
                                absl::Duration wait) {
  const pid_t pid = holder.pid.value_or(0);
  const std::string text =
      absl::StrCat("Waiting up to ", absl::FormatDuration(wait), " for the server",
                   pid != 0 ? absl::StrCat(" with pid ", pid) : "", " of uid ", holder.uid,
                   ": it takes no connections, but has not given back ", uds::Printable(address));
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

void MessageEvents::WriteReceived(absl::string_view message, const uds::PeerCredentials& peer) {
  const std::string text = absl::StrCat("Incoming message: ", PrintableExcerpt(message));
  log_.Write({.level = LogLevel::kInfo,
              .event = "message_received",
              .text = text,
              .fields = {{"message", RawExcerpt(message)},
                         {"bytes", message.size()},
                         {"uid", peer.uid},
                         {"gid", peer.gid},
                         {"pid", PidOf(peer)}}});
}

ConnectionEvents::ConnectionEvents(Log* log, const RunAfter& run_after)
    : log_(*log),
      opened_(log, LogLevel::kInfo, "connections_opened_left_out",
              "Connections opened and not shown: ", run_after),
      closed_(log, LogLevel::kInfo, "connections_closed_left_out",
              "Connections closed and not shown: ", run_after),
      refused_(log, LogLevel::kWarn, "connections_refused_left_out",
               "Connections refused and not shown: ", run_after) {}

void ConnectionEvents::Opened(const uds::PeerCredentials& peer) {
  if (!opened_.Admit()) return;
  const std::string text =
      absl::StrCat("* Starting communication with a client * ", Describe(peer));
  log_.Write({.level = LogLevel::kInfo,
              .event = "connection_opened",
              .text = text,
              .fields = {{"uid", peer.uid}, {"gid", peer.gid}, {"pid", PidOf(peer)}}});
}

void ConnectionEvents::Closed(const uds::PeerCredentials& peer) {
  if (!closed_.Admit()) return;
  log_.Write({.level = LogLevel::kInfo,
              .event = "connection_closed",
              .text = "Client socket was closed by peer",
              .fields = {{"uid", peer.uid}, {"gid", peer.gid}, {"pid", PidOf(peer)}}});
}

void ConnectionEvents::Refused(const absl::Status& why) {
  if (!refused_.Admit()) return;
  WriteStatus(&log_, LogLevel::kWarn, "connection_refused", "A connection was refused: ", why);
}

void ConnectionEvents::Stalled(const uds::PeerCredentials& peer) {
  WriteEnded("connection_stalled", "A client does not read what it asked for, and is closed ",
             peer);
}

void ConnectionEvents::Flooded(const uds::PeerCredentials& peer) {
  WriteEnded("connection_flooded", "A client sends too much that carries nothing, and is closed ",
             peer);
}

void ConnectionEvents::WriteEnded(absl::string_view event, absl::string_view sentence,
                                  const uds::PeerCredentials& peer) {
  if (!refused_.Admit()) return;
  const std::string text = absl::StrCat(sentence, Describe(peer));
  log_.Write({.level = LogLevel::kWarn,
              .event = event,
              .text = text,
              .fields = {{"uid", peer.uid}, {"gid", peer.gid}, {"pid", PidOf(peer)}}});
}

}  // namespace udsecho
