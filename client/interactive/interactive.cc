// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/interactive/interactive.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "cli/program.h"
#include "client/interactive/history_file.h"
#include "client/interactive/line_editor.h"
#include "client/interactive/line_run.h"
#include "client/output.h"
#include "client/style.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

// A reply that comes so soon is shown before the next prompt, instead of in its place.
constexpr int kSoonMilliseconds = 50;

bool Write(int fd, const std::string& line) {
  Output output(fd);
  absl::Status status = output.AddLine(line);
  status.Update(output.Flush());
  return status.ok();
}

class Prompt {
 public:
  Prompt(const Streams& streams, const Conversation& conversation)
      : streams_(streams),
        conversation_(conversation),
        style_(Style::For(streams.out)),
        output_(streams.out) {}

  absl::Status Prepare();
  Outcome Run(Interrupt* interrupt);

 private:
  absl::Status StartRun();
  absl::Status SendLine(const std::string& line);
  void ReadLines(LineEditor* editor, HistoryFile* history, absl::Status* failure);

  // Shows replies until `fd` is ready for `events`, or the run is over. Ctrl-C cancels the run.
  void ShowUntil(int fd, short events);
  void ShowWhatComesSoon();
  // What is there now; false if it cannot be shown.
  bool Show();
  Outcome EndRun();
  void GiveUp();
  void Tell(const std::string& line);
  void TellAtOnce(const absl::Status& error) const;

  const Streams& streams_;
  const Conversation& conversation_;
  const Style style_;
  Output output_;
  uds::UniqueFd ctrl_c_;          // an eventfd
  uds::UniqueFd replies_;         // what to show, non-blocking
  uds::UniqueFd replies_writer_;  // for one run after the other
  std::unique_ptr<LineRun> run_;
};

absl::Status Prompt::Prepare() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  replies_.reset(ends[0]);
  replies_writer_.reset(ends[1]);
  ctrl_c_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!ctrl_c_.valid() || fcntl(replies_.get(), F_SETFL, O_NONBLOCK) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make an eventfd");
  }
  return StartRun();
}

Outcome Prompt::Run(Interrupt* interrupt) {
  static_cast<void>(
      Write(streams_.out,
            absl::StrCat(style_.Bold(conversation_.address), ": each line is a message; ",
                         conversation_.ends_with_empty_line ? "an empty one ends the call; " : "",
                         "Ctrl-D leaves")));
  const Interrupt::Diversion diversion(
      interrupt, [fd = ctrl_c_.get()] { static_cast<void>(eventfd_write(fd, 1)); });
  absl::Status failure;
  {
    HistoryFile history(HistoryPath());
    const bool is_kept = history.status().ok();
    if (!is_kept) TellAtOnce(history.status());
    LineEditor editor(streams_.in, streams_.out, "> ", ctrl_c_.get(), replies_.get(),
                      [this] { return Show(); });
    for (const std::string& line : history.lines()) editor.Remember(line);
    ReadLines(&editor, &history, &failure);
    static_cast<void>(Write(streams_.out, ""));
    if (is_kept && !history.status().ok()) TellAtOnce(history.status());
  }
  // A run that had ended before is no news, however it ended.
  const bool goes_on = !run_->is_over() && !run_->is_cancelled();
  Outcome outcome = EndRun();
  if (!goes_on) outcome = {};
  outcome.error.clear();  // it was told already
  return failure.ok() ? outcome : LocalIoError(failure.message());
}

void Prompt::ReadLines(LineEditor* editor, HistoryFile* history, absl::Status* failure) {
  while (failure->ok()) {
    const Typed typed = editor->Read();
    switch (typed.key) {
      case Key::kEnd:
        return;
      case Key::kCtrlC:
        if (!typed.line.empty()) break;
        GiveUp();
        static_cast<void>(Write(streams_.out, "(Ctrl-D leaves)"));
        break;
      case Key::kEnter:
        history->Add(typed.line);
        *failure = SendLine(typed.line);
        ShowWhatComesSoon();
        break;
    }
  }
}

absl::Status Prompt::StartRun() {
  absl::StatusOr<std::unique_ptr<LineRun>> run = LineRun::Start(
      conversation_, replies_writer_.get(), [this](const std::string& line) { Tell(line); });
  if (!run.ok()) return run.status();
  run_ = *std::move(run);
  return absl::OkStatus();
}

absl::Status Prompt::SendLine(const std::string& line) {
  if (conversation_.ends_with_empty_line && line.empty()) {
    run_->EndInput();
    return absl::OkStatus();
  }
  if (run_->is_over() || run_->is_cancelled() || run_->input() < 0) {
    EndRun();
    if (absl::Status status = StartRun(); !status.ok()) return status;
  }
  run_->CountMessage();
  const std::string text = line + "\n";
  absl::string_view rest = text;
  while (!rest.empty() && !run_->is_over()) {
    const ssize_t written = TEMP_FAILURE_RETRY(write(run_->input(), rest.data(), rest.size()));
    if (written > 0) rest.remove_prefix(written);
    // It takes no more for now, perhaps because nobody takes its replies.
    if (written < 0) ShowUntil(run_->input(), POLLOUT);
  }
  return absl::OkStatus();
}

// With all that there is to show of it.
Outcome Prompt::EndRun() {
  run_->EndInput();
  ShowUntil(-1, 0);
  Outcome outcome = run_->Join();
  Show();
  return outcome;
}

// The calls under way.
void Prompt::GiveUp() {
  const int64_t messages = run_->unended();
  run_->Cancel();
  if (messages <= 0) return;
  static_cast<void>(
      Write(streams_.out, absl::StrCat("gave up ", messages, " message", messages == 1 ? "" : "s",
                                       " without a reply")));
}

void Prompt::ShowUntil(int fd, short events) {
  while (true) {
    pollfd fds[] = {{replies_.get(), POLLIN, 0},
                    {run_->over(), POLLIN, 0},
                    {ctrl_c_.get(), POLLIN, 0},
                    {fd, events, 0}};
    if (TEMP_FAILURE_RETRY(poll(fds, 4, -1)) < 0) return;
    eventfd_t times = 0;
    if (fds[2].revents != 0 && eventfd_read(ctrl_c_.get(), &times) == 0) GiveUp();
    if (fds[0].revents != 0) Show();
    if (fds[1].revents != 0 || fds[3].revents != 0) return;
  }
}

void Prompt::ShowWhatComesSoon() {
  pollfd readable = {replies_.get(), POLLIN, 0};
  if (TEMP_FAILURE_RETRY(poll(&readable, 1, kSoonMilliseconds)) > 0) Show();
}

bool Prompt::Show() {
  char block[64 * 1024];
  ssize_t got = 0;
  while ((got = TEMP_FAILURE_RETRY(read(replies_.get(), block, sizeof(block)))) > 0) {
    if (!output_.Add({block, static_cast<size_t>(got)}).ok()) return false;
  }
  return output_.Flush().ok();
}

// Where it disturbs nothing: at the terminal above the prompt, elsewhere as errors are.
void Prompt::Tell(const std::string& line) {
  const bool at_terminal = isatty(streams_.err) == 1;
  const std::string program = absl::StrCat(cli::ClientName(), ": ");
  const std::string name = at_terminal ? style_.Red(program) : program;
  static_cast<void>(
      Write(at_terminal ? replies_writer_.get() : streams_.err, absl::StrCat(name, line)));
}

// While no line is edited.
void Prompt::TellAtOnce(const absl::Status& error) const {
  static_cast<void>(
      Write(streams_.err,
            absl::StrCat(Style::For(streams_.err).Red(absl::StrCat(cli::ClientName(), ": ")),
                         LocalIoError(error.message()).error)));
}

}  // namespace

Outcome Interact(const Streams& streams, Interrupt* interrupt, const Conversation& conversation) {
  Prompt prompt(streams, conversation);
  if (absl::Status status = prompt.Prepare(); !status.ok()) return LocalIoError(status.message());
  return prompt.Run(interrupt);
}

}  // namespace udsecho::client
