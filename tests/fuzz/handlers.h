// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Exchanges of http2/ that do what a fuzzer's input says, at each Run(): read, write, wait, end, reset,
// ask for another Run(), end the connection. Where the input is used up they answer properly.
//
//   Handlers handlers(&choices, &clock);
//   http2::Connection connection(..., &handlers);
//
// Thread safety: none. Ownership: borrows the input and the clock; outlives the connections.

#ifndef TESTS_FUZZ_HANDLERS_H_
#define TESTS_FUZZ_HANDLERS_H_

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "http2/buffer.h"
#include "http2/connection.h"
#include "http2/fake_clock.h"
#include "tests/fuzz/input.h"

namespace udsecho::fuzz {

class Handlers final : public http2::Application {
 public:
  Handlers(Input* choices, http2::FakeClock* clock) : choices_(*choices), clock_(*clock) {}

  std::unique_ptr<http2::Exchange> Begin(http2::Stream& stream) override;
  bool Spoke(http2::Connection& /*connection*/) override { return choices_.Byte() != 0xff; }
  void Ended(http2::Connection& /*connection*/, http2::Ending how) override { ending = how; }

  std::optional<http2::Ending> ending;
  int begun = 0;
  int done = 0;

 private:
  class Handler;

  Input& choices_;
  http2::FakeClock& clock_;
};

class Handlers::Handler final : public http2::Exchange {
 public:
  Handler(Handlers* all, http2::Stream* stream) : all_(*all), stream_(*stream) {}
  ~Handler() override {
    if (wakes_at_the_end_) stream_.RunSoon();
    ++all_.done;
  }

  void Received(absl::string_view bytes) override {
    EXPECT_FALSE(stream_.request_ended());
    EXPECT_FALSE(closed_);
    unread_ += bytes.size();
  }

  bool Run() override {
    EXPECT_FALSE(closed_);
    if (all_.choices_.empty()) return Answer();
    const unsigned choice = all_.choices_.Byte();
    const std::size_t number = choice / 16 + 1;
    switch (choice % 16) {
      case 0:
        return Consume(unread_);
      case 1:
        return Consume(unread_ / number);
      case 2:
        return Respond(http2::Stream::kBodyFollows);
      case 3:
        return Respond(http2::Stream::kNoBody);
      case 4:
        return Write(number * 10);
      case 5:
        return Write(number * 3000);
      case 6:
        return Share(number * 700);
      case 7:
        stream_.AwaitRoom();
        return false;
      case 8:
        return End();
      case 9:
        stream_.Reset(static_cast<std::uint32_t>(number));
        return false;
      case 10:
        stream_.RunSoon();
        return number > 8;
      case 11:
        all_.clock_.Advance(absl::Microseconds(500 * number));
        return true;
      case 12:
        wakes_at_the_end_ = true;
        return false;
      case 13:
        if (number == 16) stream_.connection().End();
        if (number == 15) stream_.connection().Drain();
        if (number == 14) stream_.connection().GoAway();
        return false;
      default:
        return Answer();
    }
  }

  void StreamClosed() override {
    EXPECT_FALSE(closed_);
    closed_ = true;
  }

  void AddTrailers(std::vector<http2::Field>* trailers) override {
    EXPECT_TRUE(ended_);
    trailers->push_back({.name = "how", .value = "well"});
  }

 private:
  // What a proper one does: all at once, when the request has ended.
  bool Answer() {
    Consume(unread_);
    if (!stream_.request_ended() || ended_) return false;
    Respond(http2::Stream::kBodyFollows);
    Write(5);
    return End();
  }
  bool Consume(std::size_t bytes) {
    stream_.Consume(bytes);
    unread_ -= bytes;
    return false;
  }
  bool Respond(http2::Stream::Body body) {
    if (stream_.responded()) return false;
    stream_.Respond({{":status", "200", true}}, body);
    ended_ = body == http2::Stream::kNoBody;
    return false;
  }
  bool Write(std::size_t bytes) {
    if (!stream_.responded() || ended_) return false;
    if (char* const to = stream_.Send(bytes); to != nullptr) std::memset(to, 'w', bytes);
    return false;
  }
  bool Share(std::size_t bytes) {
    http2::Buffer shared = http2::Buffer::New(&stream_.connection().account(), bytes);
    if (!stream_.responded() || ended_ || shared.is_null()) return false;
    std::memset(shared.end(), 's', bytes);
    shared.Extend(bytes);
    stream_.Send(shared);
    stream_.Send(std::move(shared));
    return false;
  }
  bool End() {
    if (!stream_.responded() || ended_) return false;
    ended_ = true;
    stream_.End();
    return false;
  }

  Handlers& all_;
  http2::Stream& stream_;
  std::size_t unread_ = 0;
  bool ended_ = false;
  bool closed_ = false;
  bool wakes_at_the_end_ = false;
};

inline std::unique_ptr<http2::Exchange> Handlers::Begin(http2::Stream& stream) {
  if (choices_.Byte() == 0xff) {  // answered at once
    stream.Respond({{":status", "403", true}}, http2::Stream::kNoBody);
    return nullptr;
  }
  ++begun;
  return std::make_unique<Handler>(this, &stream);
}

}  // namespace udsecho::fuzz

#endif  // TESTS_FUZZ_HANDLERS_H_
