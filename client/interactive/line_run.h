// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One run of what sends the lines of a prompt: its input, its thread, and how it ended.
//
//   LineRun run(conversation, replies_fd, tell);
//   write(run.input(), "hello\n", 6);
//   run.EndInput();
//   ...poll run.over()...
//   const Outcome outcome = run.Join();
//
// Thread safety: none. Ownership: borrows the conversation and the descriptor of the replies.

#ifndef CLIENT_INTERACTIVE_LINE_RUN_H_
#define CLIENT_INTERACTIVE_LINE_RUN_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "client/exit_code.h"
#include "client/interactive/interactive.h"
#include "client/interrupt.h"
#include "client/tell.h"
#include "uds/unique_fd.h"

namespace udsecho::client {

class LineRun {
 public:
  // Starts it. If it ends with an error, that is told through `tell`, once it is over.
  static absl::StatusOr<std::unique_ptr<LineRun>> Start(const Conversation& conversation,
                                                        int replies, const Tell& tell);
  // Cancels and joins.
  ~LineRun();
  LineRun(const LineRun&) = delete;
  LineRun& operator=(const LineRun&) = delete;

  // Where lines are written to, non-blocking; -1 once it has ended.
  int input() const { return input_.get(); }
  void EndInput() { input_.reset(); }

  // Readable once it takes no more lines.
  int over() const { return over_.get(); }
  bool is_over() const;

  // To be called for each message that is written to it; and how many of them have no end yet.
  void CountMessage() { ++messages_; }
  int64_t unended() const { return is_over() || is_cancelled() ? 0 : messages_ - ended_; }

  void Cancel() { interrupt_.Trigger(); }
  bool is_cancelled() const { return interrupt_.triggered(); }

  // Waits for the end.
  Outcome Join();

 private:
  LineRun() = default;

  Interrupt interrupt_;
  uds::UniqueFd lines_;  // what it reads: open to the end, so that to write to it is no error
  uds::UniqueFd input_;
  uds::UniqueFd over_;
  int64_t messages_ = 0;
  std::atomic<int64_t> ended_ = 0;
  Outcome outcome_;
  std::thread thread_;
};

}  // namespace udsecho::client

#endif  // CLIENT_INTERACTIVE_LINE_RUN_H_
