// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/message_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/utf8.h"

namespace udsecho::client {

std::optional<absl::string_view> ListSource::Next() {
  if (rounds_ == 0) return std::nullopt;
  const std::string& message = messages_[next_++];
  if (next_ == messages_.size()) {
    next_ = 0;
    if (rounds_ != kForEver) --rounds_;
  }
  return message;
}

std::optional<absl::string_view> LineSource::Next() {
  if (times_left_ == 0) {
    const std::optional<absl::string_view> line = NextLine();
    if (!line.has_value()) return std::nullopt;
    line_ = *line;
    times_left_ = times_;
    ++lines_given_;
  }
  --times_left_;
  return line_;
}

bool LineSource::HasNext() { return times_left_ > 0 || (!ended_ && lines_->HasNext()); }

std::optional<absl::string_view> LineSource::NextLine() {
  while (!ended_) {
    if (const std::optional<absl::string_view> line = lines_->Next()) return Checked(*line);
    if (input_ended_) {
      ended_ = true;
      const std::optional<absl::string_view> last = lines_->Last();
      return last.has_value() ? Checked(*last) : std::nullopt;
    }
    if (!block_ready_) return std::nullopt;
    TakeBlock();
  }
  return std::nullopt;
}

std::optional<absl::string_view> LineSource::Checked(absl::string_view line) {
  const size_t bad = cli::FindInvalidUtf8(line);
  if (bad == absl::string_view::npos) return line;
  End(UsageError(absl::StrCat(name_, ": ", lines_->unit(), " ", lines_given_ + 1,
                              " is not UTF-8 at its byte ", bad + 1,
                              "; it and what follows were not sent")));
  return std::nullopt;
}

void LineSource::TakeBlock() {
  block_ready_ = false;
  const absl::StatusOr<std::string> block = input_->Take();
  if (!block.ok()) {
    End(LocalIoError(absl::StrCat(name_, ": ", block.status().message())));
  } else if (block->empty()) {
    input_ended_ = true;
  } else {
    lines_->Add(*block);
  }
  if (lines_->pending() > kMaxLine && !lines_->HasNext()) {
    End(UsageError(absl::StrCat(name_, ": ", lines_->unit(), " ", lines_given_ + 1,
                                " is longer than ", kMaxLine,
                                " bytes; it and what follows were not sent")));
  }
}

void LineSource::End(Outcome outcome) {
  ended_ = true;
  outcome_ = std::move(outcome);
}

}  // namespace udsecho::client
