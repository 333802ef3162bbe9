// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/http2/site.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace http2 {

Page::Page(Site* site, Stream* stream, FakeClock* clock)
    : site_(*site), stream_(*stream), clock_(*clock), path_(stream->path()) {
  const std::size_t slash = path_.rfind('/');
  if (slash != 0 && slash != std::string::npos) {
    static_cast<void>(absl::SimpleAtoi(path_.substr(slash + 1), &number_));
  }
}

Page::~Page() {
  site_.done.push_back(path_);
  std::erase(site_.pages_, this);
  if (site_.wakes_at_the_end) stream_.RunSoon();
}

void Page::Received(absl::string_view bytes) { received_.append(bytes.data(), bytes.size()); }

void Page::Start() {
  started_ = true;
  stream_.RunSoon();
}

void Page::Write(absl::string_view bytes) {
  if (char* const to = stream_.Send(bytes.size()); to != nullptr) {
    std::memcpy(to, bytes.data(), bytes.size());
  }
}

void Page::Answer(absl::string_view status, absl::string_view body) {
  if (stream_.responded()) return;
  const Field field = {.name = ":status", .value = status};
  if (body.empty()) return stream_.Respond({field}, Stream::kNoBody);
  stream_.Respond({field}, Stream::kBodyFollows);
  Write(body);
  stream_.End();
}

bool Page::Run() {
  ++runs_;
  if (stream_.header_too_long()) {
    Answer("431", "");
  } else if (path_ == "/early") {
    Answer("403", "no");
  } else if (path_ == "/end") {
    stream_.connection().End();
  } else if (absl::StartsWith(path_, "/echo")) {
    Echo();
  } else if (absl::StartsWith(path_, "/bytes/")) {
    SendBytes();
  } else if (absl::StartsWith(path_, "/blob/")) {
    Answer("200", std::string(static_cast<std::size_t>(number_), 'b'));
  } else if (absl::StartsWith(path_, "/busy/")) {
    return Work();
  } else if (path_ != "/hold" && stream_.request_ended()) {
    if (path_ == "/hello" || path_ == "/trailers") {
      Answer("200", "hello");
    } else {
      Answer(path_ == "/empty" ? "204" : "404", "");
    }
  }
  return false;
}

void Page::Echo() {
  if (!stream_.responded()) stream_.Respond({{":status", "200", true}}, Stream::kBodyFollows);
  if (!received_.empty()) {
    Write(received_);
    stream_.Consume(received_.size());
    received_.clear();
  }
  if (stream_.request_ended()) stream_.End();
}

void Page::SendBytes() {
  if (!stream_.responded()) stream_.Respond({{":status", "200", true}}, Stream::kBodyFollows);
  while (number_ > 0) {
    if (stream_.queued() > Stream::kHighMark) return stream_.AwaitRoom();
    const int count = std::min(number_, 10'000);
    Write(std::string(static_cast<std::size_t>(count), 'b'));
    number_ -= count;
  }
  stream_.End();
}

bool Page::Work() {
  if (stream_.request_ended()) started_ = true;
  if (!started_ || stream_.responded()) return false;
  clock_.Advance(absl::Milliseconds(1));
  if (--number_ > 0) return true;
  Answer("200", "done");
  return false;
}

void Page::AddTrailers(std::vector<Field>* trailers) {
  if (absl::EndsWith(path_, "/trailers")) trailers->push_back({.name = "how", .value = "well"});
}

std::unique_ptr<Exchange> Site::Begin(Stream& stream) {
  begun.emplace_back(stream.path());
  auto page = std::make_unique<Page>(this, &stream, &clock_);
  pages_.push_back(page.get());
  return page;
}

bool Site::Spoke(Connection& /*connection*/) {
  ++spoke;
  return welcome;
}

void Site::Ended(Connection& connection, Ending how) { endings[&connection] = how; }

Page* Site::page(const std::string& path) const {
  const auto found = std::find_if(pages_.rbegin(), pages_.rend(),
                                  [&](const Page* page) { return page->path() == path; });
  return found == pages_.rend() ? nullptr : *found;
}

}  // namespace http2
