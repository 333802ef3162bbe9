// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A prompt at a terminal, with history and editing (libedit: ~/.editrc and the arrow keys hold),
// that can be interrupted by what has to be shown above it.
//
//   LineEditor editor(STDIN_FILENO, STDOUT_FILENO, "> ", ctrl_c_fd, replies_fd,
//                     [&] { return ShowReplies(); });
//   for (Typed typed = editor.Read(); typed.key != Key::kEnd; typed = editor.Read()) ...
//
// Thread safety: none. Ownership: borrows descriptors. The terminal is as it was once it is
// destroyed, and when a signal ends or stops the process (terminal_guard.h). One at a time.

#ifndef CLIENT_INTERACTIVE_LINE_EDITOR_H_
#define CLIENT_INTERACTIVE_LINE_EDITOR_H_

#include <cstdio>
#include <cwchar>
#include <functional>
#include <string>

#include "client/interactive/terminal_guard.h"
#include "histedit.h"

namespace udsecho::client {

// What ended a line.
enum class Key {
  kEnter,
  kCtrlC,
  kEnd,  // Ctrl-D on an empty line, the end of the input, or that there is nothing more to show
};

struct Typed {
  Key key;
  std::string line;  // without its line feed; with kCtrlC what was given up
};

class LineEditor {
 public:
  // `ctrl_c` is an eventfd, non-blocking, that says each time that Ctrl-C was pressed (which is a
  // signal, and no key, to the terminal). `show` is called when `watched` is readable, or has no writer any more, with the prompt out of
  // the way. It prints something; false ends the reading.
  LineEditor(int in, int out, std::string prompt, int ctrl_c, int watched,
             std::function<bool()> show);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // One line.
  Typed Read();

  // For the arrow keys: a line of the past. Read() keeps its own.
  void Remember(const std::string& line);

 private:
  static LineEditor* Self(EditLine* editor);
  static char* Prompt(EditLine* editor);
  static int GetCharacter(EditLine* editor, wchar_t* character);
  static unsigned char GiveUp(EditLine* editor, int key);

  // Waits; kEnter stands for any key.
  Key AwaitKey();
  bool Show();
  void GoOnAfterStop();

  const int in_;
  const int out_;
  std::string prompt_;
  const int ctrl_c_;
  const int watched_;
  const std::function<bool()> show_;
  bool ended_ = false;
  bool given_up_ = false;  // the line that libedit is about to return

  const TerminalGuard guard_;
  FILE* in_file_;
  FILE* out_file_;
  FILE* error_file_;
  EditLine* editor_;
  History* history_;
};

}  // namespace udsecho::client

#endif  // CLIENT_INTERACTIVE_LINE_EDITOR_H_
