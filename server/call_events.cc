// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/call_events.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "rpc/call/call.h"
#include "server/excerpt.h"

namespace udsecho {
namespace {

// A call whose headers were refused has none.
std::string ShownMethod(const rpc::EndedCall& call) {
  return call.path.empty() ? "a method that is not known" : PrintableExcerpt(call.path);
}

// What the caller sent as traceparent (https://www.w3.org/TR/trace-context/), if it has the length and the letters
// of one.
std::string TraceOf(const rpc::EndedCall& call) {
  if (call.call == nullptr) return "";
  const std::vector<absl::string_view> values = call.call->MetadataValues("traceparent");
  if (values.size() != 1) return "";
  constexpr std::size_t kLength = 55;  // of version 00: "00-TRACE-PARENT-FLAGS"
  const absl::string_view value = values.front();
  const bool is_one = value.size() >= kLength &&
                      std::all_of(value.begin(), value.begin() + kLength, [](char letter) {
                        return absl::ascii_isxdigit(letter) || letter == '-';
                      });
  return is_one ? std::string(value.substr(0, kLength)) : "";
}

}  // namespace

CallEvents::CallEvents(Log* log, RunAfter run_after)
    : log_(*log),
      refused_(log, LogLevel::kWarn, "calls_refused_left_out",
               "Calls refused and not shown: ", std::move(run_after)) {}

void CallEvents::Refused(const rpc::EndedCall& call) {
  if (!refused_.Admit()) return;
  const std::string code = absl::StatusCodeToString(call.status.code());
  const std::string text =
      absl::StrCat("A call of ", ShownMethod(call), " was refused: ", code, ": ",
                   PrintableExcerpt(call.status.message()), " ", Describe(call.connection));
  log_.Write({.level = LogLevel::kWarn,
              .event = "call_refused",
              .text = text,
              .fields = {{"method", RawExcerpt(call.path)},
                         {"code", absl::string_view(code)},
                         {"message", RawExcerpt(call.status.message())},
                         {"connection", call.connection.id},
                         {"uid", call.connection.peer.uid},
                         {"gid", call.connection.peer.gid},
                         {"pid", PidOf(call.connection)}}});
}

void WriteAccess(Log* log, const rpc::EndedCall& call) {
  const std::string trace = TraceOf(call);
  const std::string code = absl::StatusCodeToString(call.status.code());
  std::string text =
      absl::StrFormat("Call of %s: %s in %.3f ms, %d bytes in, %d bytes out %s", ShownMethod(call),
                      code, absl::ToDoubleMilliseconds(call.duration), call.bytes_received,
                      call.bytes_sent, Describe(call.connection));
  if (!trace.empty()) absl::StrAppend(&text, " trace ", trace);
  log->Write({.level = LogLevel::kInfo,
              .any_level = true,
              .event = "call_ended",
              .text = text,
              .fields = {{"method", RawExcerpt(call.path)},
                         {"code", absl::string_view(code)},
                         {"message", RawExcerpt(call.status.message())},
                         {"duration_us", absl::ToInt64Microseconds(call.duration)},
                         {"bytes_received", call.bytes_received},
                         {"bytes_sent", call.bytes_sent},
                         {"trace", absl::string_view(trace)},
                         {"connection", call.connection.id},
                         {"uid", call.connection.peer.uid},
                         {"gid", call.connection.peer.gid},
                         {"pid", PidOf(call.connection)}}});
}

}  // namespace udsecho
