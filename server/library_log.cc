// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/library_log.h"

#include <cstdlib>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/stubs/logging.h"
#include "server/events.h"
#include "server/excerpt.h"

namespace udsecho {
namespace {

// Where the library's lines go while a LibraryLog lives.
struct Destination {
  explicit Destination(Log* log)
      : log(*log),
        lines(log, LogLevel::kError, "library_messages_left_out",
              "Messages of libraries not shown: ",
              /*run_after=*/nullptr) {}

  Log& log;
  LimitedLines lines;
};

std::mutex mutex;
Destination* destination = nullptr;  // guarded by mutex

void Write(LogLevel level, absl::string_view library, absl::string_view message) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (destination == nullptr || !destination->log.Wants(level)) return;
  if (!destination->lines.Admit()) return;
  const std::string text = absl::StrCat(library, ": ", PrintableExcerpt(message));
  destination->log.Write({.level = level,
                          .event = "library_message",
                          .text = text,
                          .fields = {{"library", library}, {"message", RawExcerpt(message)}}});
}

void FromProtobuf(google::protobuf::LogLevel level, const char* /*file*/, int /*line*/,
                  const std::string& message) {
  switch (level) {
    case google::protobuf::LOGLEVEL_INFO:
      return Write(LogLevel::kInfo, "protobuf", message);
    case google::protobuf::LOGLEVEL_WARNING:
      return Write(LogLevel::kWarn, "protobuf", message);
    case google::protobuf::LOGLEVEL_ERROR:
    case google::protobuf::LOGLEVEL_FATAL:
      return Write(LogLevel::kError, "protobuf", message);
  }
}

google::protobuf::LogHandler* protobuf_default = nullptr;

}  // namespace

LibraryLog::LibraryLog(Log* log) {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    if (destination != nullptr) std::abort();
    destination = new Destination(log);
  }
  protobuf_default = google::protobuf::SetLogHandler(&FromProtobuf);
}

LibraryLog::~LibraryLog() {
  google::protobuf::SetLogHandler(protobuf_default);
  const std::lock_guard<std::mutex> lock(mutex);
  delete destination;
  destination = nullptr;
}

}  // namespace udsecho
