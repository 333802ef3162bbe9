// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Where messages come from: the command line, or the lines of standard input.
//
//   MessageSource& source = ...;
//   while (std::optional<absl::string_view> message = source.Next()) Send(*message);
//   if (!source.ended()) ...   // there will be more: `ready` is called, then call Wake()
//
// Thread safety: none; `ready` is called on a thread of the source's own.

#ifndef CLIENT_MESSAGE_SOURCE_H_
#define CLIENT_MESSAGE_SOURCE_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/block_reader.h"
#include "client/exit_code.h"
#include "client/line_splitter.h"
#include "client/splitter.h"

namespace udsecho::client {

class MessageSource {
 public:
  virtual ~MessageSource() = default;

  // From when on `ready` may be called. Once, before the first Next().
  virtual void Start(std::function<void()> ready) = 0;

  // Whether Start() may be called again, after Stop(): the next message is then the next one.
  virtual bool restarts() const { return false; }

  // The next message, valid until the next call of any method. Nothing while there is none yet, and
  // after the end.
  virtual std::optional<absl::string_view> Next() = 0;

  // Whether Next() would have one.
  virtual bool HasNext() = 0;

  // `ready` is not called any more.
  virtual void Stop() {}

  // To be called once after each `ready`.
  virtual void Wake() {}

  virtual bool ended() const = 0;

  // Not OK: why it ended before its end.
  virtual const Outcome& outcome() const = 0;
};

// The messages, `rounds` times one after the other.
class ListSource final : public MessageSource {
 public:
  static constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();

  ListSource(std::vector<std::string> messages, int64_t rounds)
      : messages_(std::move(messages)), rounds_(messages_.empty() ? 0 : rounds) {}

  void Start(std::function<void()>) override {}
  bool restarts() const override { return true; }
  std::optional<absl::string_view> Next() override;
  bool HasNext() override { return rounds_ > 0; }
  bool ended() const override { return rounds_ == 0; }
  const Outcome& outcome() const override { return outcome_; }

  const std::vector<std::string>& messages() const { return messages_; }

 private:
  const std::vector<std::string> messages_;
  int64_t rounds_;   // with this one
  size_t next_ = 0;  // in messages_
  const Outcome outcome_;
};

// The lines of a descriptor, or what else a splitter makes of it, each `times` times. It ends early,
// with an outcome, at one that is not UTF-8 or too long, and when it cannot be read.
class LineSource final : public MessageSource {
 public:
  // The longest line, in bytes: sixteen times the usual limit of a server, so that it is the server
  // that answers what is too long, and yet endless input without a line feed ends.
  static constexpr size_t kMaxLine = 64 * 1024 * 1024;

  // `name` is what errors call the descriptor, printable.
  explicit LineSource(int fd, int64_t times = 1,
                      std::unique_ptr<Splitter> splitter = std::make_unique<LineSplitter>(),
                      std::string name = "standard input")
      : fd_(fd), times_(times), name_(std::move(name)), lines_(std::move(splitter)) {}

  void Start(std::function<void()> ready) override {
    input_ = std::make_unique<BlockReader>(fd_, std::move(ready));
  }
  std::optional<absl::string_view> Next() override;
  bool HasNext() override;
  void Stop() override { input_.reset(); }
  void Wake() override { block_ready_ = true; }
  bool ended() const override { return ended_; }
  const Outcome& outcome() const override { return outcome_; }

 private:
  std::optional<absl::string_view> NextLine();
  std::optional<absl::string_view> Checked(absl::string_view line);
  void TakeBlock();
  void End(Outcome outcome);

  const int fd_;
  const int64_t times_;
  const std::string name_;
  const std::unique_ptr<Splitter> lines_;
  int64_t times_left_ = 0;  // of line_
  absl::string_view line_;
  int64_t lines_given_ = 0;
  bool block_ready_ = false;  // input_->Take() may be called
  bool input_ended_ = false;  // there are no more blocks
  bool ended_ = false;
  Outcome outcome_;
  std::unique_ptr<BlockReader> input_;
};

}  // namespace udsecho::client

#endif  // CLIENT_MESSAGE_SOURCE_H_
