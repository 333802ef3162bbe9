// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A prompt at a terminal, with history and editing (libedit: ~/.editrc and the arrow keys hold),
// that can be interrupted by what has to be shown above it.
//
//   LineEditor editor(STDIN_FILENO, STDOUT_FILENO, "> ", replies_fd,
//                     [&] { return ShowReplies(); });
//   while (std::optional<std::string> line = editor.Read()) Send(*line);
//
// Thread safety: none. Ownership: borrows descriptors. The terminal is as it was once it is
// destroyed.

#ifndef CLIENT_INTERACTIVE_LINE_EDITOR_H_
#define CLIENT_INTERACTIVE_LINE_EDITOR_H_

#include <cstdio>
#include <cwchar>
#include <functional>
#include <optional>
#include <string>

#include "histedit.h"

namespace udsecho::client {

class LineEditor {
 public:
  // `show` is called when `watched` is readable, or has no writer any more, with the prompt out of
  // the way. It prints something; false ends the reading.
  LineEditor(int in, int out, std::string prompt, int watched, std::function<bool()> show);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // One line, without its line feed. Nothing after Ctrl-D on an empty line, at the end of the
  // input, and when `show` says so.
  std::optional<std::string> Read();

 private:
  static LineEditor* Self(EditLine* editor);
  static char* Prompt(EditLine* editor);
  static int GetCharacter(EditLine* editor, wchar_t* character);

  // False at the end.
  bool AwaitKey();
  bool Show();

  const int in_;
  const int out_;
  std::string prompt_;
  const int watched_;
  const std::function<bool()> show_;
  bool ended_ = false;

  FILE* in_file_;
  FILE* out_file_;
  FILE* error_file_;
  EditLine* editor_;
  History* history_;
};

}  // namespace udsecho::client

#endif  // CLIENT_INTERACTIVE_LINE_EDITOR_H_
