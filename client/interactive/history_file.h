// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What was typed at the prompt, kept from one time to the next: a line each, in a file of mode 0600.
//
//   HistoryFile history(HistoryPath());
//   for (const std::string& line : history.lines()) editor.Remember(line);
//   history.Add("hello");
//
// What cannot be read or written is not kept, and status() says why. Several programs may have the file
// open; each line goes in by one write at its end.
//
// Thread safety: none.

#ifndef CLIENT_INTERACTIVE_HISTORY_FILE_H_
#define CLIENT_INTERACTIVE_HISTORY_FILE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "uds/unique_fd.h"

namespace udsecho::client {

// $UDSECHO_HISTORY, where an empty one turns it off; else udsecho/history in $XDG_STATE_HOME or in
// ~/.local/state. Empty: nothing is kept.
std::string HistoryPath();

class HistoryFile {
 public:
  // Lines: so many are kept, and the file is cut once it has twice as many.
  static constexpr std::size_t kLines = 1000;
  // In bytes: a longer line is not kept.
  static constexpr std::size_t kLongestLine = 4096;

  // Makes the file and the directories on the way, for their owner alone. A file of another user, and
  // what is no file, is left alone. Empty: keeps nothing.
  explicit HistoryFile(const std::string& path);

  // Why lines are not kept: what went wrong first. A path that is empty, or a device such as /dev/null,
  // is no error.
  const absl::Status& status() const { return status_; }

  // What was kept, the oldest first.
  const std::vector<std::string>& lines() const { return lines_; }

  // Keeps a line, unless it is empty, begins with a space (what must not be kept can be typed so), or
  // is the same as the last one.
  void Add(const std::string& line);

 private:
  absl::Status Open();
  void Load();
  void Cut();

  const std::string path_;
  uds::UniqueFd fd_;
  absl::Status status_;
  std::vector<std::string> lines_;
  std::string last_;
};

}  // namespace udsecho::client

#endif  // CLIENT_INTERACTIVE_HISTORY_FILE_H_
