// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/interactive/line_editor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace udsecho::client {
namespace {

constexpr int kHistory = 1000;  // lines
constexpr char kClearLine[] = "\r\x1b[K";
constexpr char kGivenUp[] = "^C\n";
constexpr wchar_t kCtrlC = L'\x03';

// Of its own, so that to close it closes nothing of the caller's.
FILE* Open(int fd, const char* mode) {
  FILE* file = fdopen(dup(fd), mode);
  if (file == nullptr) std::abort();
  return file;
}

// Characters are read as the user's locale says; one that knows only ASCII would lose all others.
EditLine* NewEditor(FILE* in, FILE* out, FILE* error) {
  setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) setlocale(LC_CTYPE, "C.UTF-8");
  return el_init("udsecho", in, out, error);
}

}  // namespace

LineEditor::LineEditor(int in, int out, std::string prompt, int ctrl_c, int watched,
                       std::function<bool()> show)
    : in_(in),
      out_(out),
      prompt_(std::move(prompt)),
      ctrl_c_(ctrl_c),
      watched_(watched),
      show_(std::move(show)),
      guard_(in),
      in_file_(Open(in, "r")),
      out_file_(Open(out, "w")),
      error_file_(Open(out, "w")),
      editor_(NewEditor(in_file_, out_file_, error_file_)),
      history_(history_init()) {
  if (editor_ == nullptr || history_ == nullptr) std::abort();
  HistEvent event;
  history(history_, &event, H_SETSIZE, kHistory);
  history(history_, &event, H_SETUNIQUE, 1);
  el_set(editor_, EL_CLIENTDATA, this);
  el_set(editor_, EL_PROMPT, &LineEditor::Prompt);
  el_set(editor_, EL_HIST, history, history_);
  el_set(editor_, EL_EDITOR, "emacs");
  el_set(editor_, EL_GETCFN, &LineEditor::GetCharacter);
  el_source(editor_, nullptr);
  // After the user's own: Ctrl-C comes from GetCharacter() alone, in both of vi's modes too.
  el_set(editor_, EL_ADDFN, "udsecho-give-up", "Give up this line", &LineEditor::GiveUp);
  el_set(editor_, EL_BIND, "^C", "udsecho-give-up", nullptr);
  el_set(editor_, EL_BIND, "-a", "^C", "udsecho-give-up", nullptr);
  // Before the first prompt, which libedit would show first: Ctrl-D typed in between would be lost.
  el_set(editor_, EL_PREP_TERM, 1);
}

LineEditor::~LineEditor() {
  el_end(editor_);
  history_end(history_);
  for (FILE* file : {in_file_, out_file_, error_file_}) std::fclose(file);
}

Typed LineEditor::Read() {
  if (ended_) return {Key::kEnd, ""};
  given_up_ = false;
  int length = 0;
  const char* text = el_gets(editor_, &length);
  // It gives the terminal back after each line, and what is typed ahead would then be the kernel's:
  // shown twice, and Ctrl-D lost.
  el_set(editor_, EL_PREP_TERM, 1);
  const bool none = text == nullptr || length <= 0;
  if (given_up_) return {Key::kCtrlC, none ? "" : std::string(text, length)};
  if (none || ended_) return {Key::kEnd, ""};
  absl::string_view line(text, length);
  absl::ConsumeSuffix(&line, "\n");
  Typed typed = {Key::kEnter, std::string(line)};
  if (!typed.line.empty()) Remember(typed.line);
  return typed;
}

void LineEditor::Remember(const std::string& line) {
  HistEvent event;
  history(history_, &event, H_ENTER, line.c_str());
}

LineEditor* LineEditor::Self(EditLine* editor) {
  void* self = nullptr;
  el_get(editor, EL_CLIENTDATA, &self);
  return static_cast<LineEditor*>(self);
}

char* LineEditor::Prompt(EditLine* editor) { return Self(editor)->prompt_.data(); }

// As libedit's own: 1, or 0 at the end, or -1.
int LineEditor::GetCharacter(EditLine* editor, wchar_t* character) {
  LineEditor* self = Self(editor);
  mbstate_t state = {};
  while (true) {
    char byte = 0;
    const Key key = self->AwaitKey();
    if (key == Key::kEnd) return 0;
    if (key == Key::kCtrlC) {
      *character = kCtrlC;
      return 1;
    }
    const ssize_t got = TEMP_FAILURE_RETRY(read(self->in_, &byte, 1));
    if (got == 0) return 0;
    if (got < 0) return -1;
    const size_t used = mbrtowc(character, &byte, 1, &state);
    if (used == static_cast<size_t>(-2)) continue;  // there is more of it to come
    if (used != static_cast<size_t>(-1)) return 1;
    state = {};  // what is not of the locale's encoding is left out
  }
}

// What libedit does at Ctrl-C: the line stays on the screen, as shells leave it.
unsigned char LineEditor::GiveUp(EditLine* editor, int /*key*/) {
  LineEditor* self = Self(editor);
  const LineInfo* line = el_line(editor);
  el_cursor(editor, static_cast<int>(line->lastchar - line->cursor));
  el_set(editor, EL_REFRESH);
  static_cast<void>(TEMP_FAILURE_RETRY(write(self->out_, kGivenUp, sizeof(kGivenUp) - 1)));
  self->given_up_ = true;
  return CC_NEWLINE;
}

Key LineEditor::AwaitKey() {
  while (!ended_) {
    pollfd fds[] = {{in_, POLLIN, 0},
                    {watched_, POLLIN, 0},
                    {ctrl_c_, POLLIN, 0},
                    {guard_.continued(), POLLIN, 0}};
    if (TEMP_FAILURE_RETRY(poll(fds, 4, -1)) < 0) return Key::kEnd;
    if (fds[1].revents != 0 && !Show()) return Key::kEnd;
    eventfd_t times = 0;
    if (fds[3].revents != 0 && eventfd_read(guard_.continued(), &times) == 0) GoOnAfterStop();
    if (fds[2].revents != 0 && eventfd_read(ctrl_c_, &times) == 0) return Key::kCtrlC;
    if (fds[0].revents != 0) return Key::kEnter;
  }
  return Key::kEnd;
}

bool LineEditor::Show() {
  // What is on the screen goes, and comes back below.
  static_cast<void>(TEMP_FAILURE_RETRY(write(out_, kClearLine, sizeof(kClearLine) - 1)));
  ended_ = !show_();
  if (!ended_) el_set(editor_, EL_REFRESH);
  return !ended_;
}

// While it was stopped, another program may have changed the terminal's settings and written to it.
void LineEditor::GoOnAfterStop() {
  for (const int is_raw : {0, 1}) el_set(editor_, EL_PREP_TERM, is_raw);
  el_set(editor_, EL_REFRESH);
}

}  // namespace udsecho::client
