// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/interactive/history_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace udsecho::client {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

// The longest that Cut() leaves behind, and as much again.
constexpr off_t kMostBytes = 2 * HistoryFile::kLines * (HistoryFile::kLongestLine + 1);

absl::string_view Variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

void MakeDirectories(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    static_cast<void>(mkdir(path.substr(0, slash).c_str(), kDirectoryMode));
  }
}

absl::Status NotKept(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("the history cannot be kept in ", path, ": ", why,
                   "; set UDSECHO_HISTORY to a file of yours, or to "
                   "nothing to keep none"));
}

bool WriteAll(int fd, absl::string_view bytes) {
  return TEMP_FAILURE_RETRY(write(fd, bytes.data(), bytes.size())) ==
         static_cast<ssize_t>(bytes.size());
}

}  // namespace

std::string HistoryPath() {
  if (const char* path = std::getenv("UDSECHO_HISTORY")) return path;
  const absl::string_view state = Variable("XDG_STATE_HOME");
  // XDG Base Directory Specification: what is not absolute is to be ignored.
  if (!state.empty() && state[0] == '/') return absl::StrCat(state, "/udsecho/history");
  const absl::string_view home = Variable("HOME");
  if (home.empty() || home[0] != '/') return "";
  return absl::StrCat(home, "/.local/state/udsecho/history");
}

HistoryFile::HistoryFile(const std::string& path) : path_(path) {
  if (path.empty()) return;
  status_ = Open();
  if (!fd_.valid()) return;
  static_cast<void>(fchmod(fd_.get(), kFileMode));
  Load();
  if (lines_.size() > 2 * kLines) Cut();
  if (lines_.size() > kLines) lines_.erase(lines_.begin(), lines_.end() - kLines);
  if (!lines_.empty()) last_ = lines_.back();
}

absl::Status HistoryFile::Open() {
  MakeDirectories(path_);
  // Non-blocking for what is no file, and would be waited for.
  uds::UniqueFd fd(open(
      path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kFileMode));
  if (!fd.valid())
    return NotKept(path_, errno == ELOOP ? "it is a symbolic link" : strerror(errno));
  struct stat file = {};
  if (fstat(fd.get(), &file) != 0) return NotKept(path_, strerror(errno));
  if (S_ISCHR(file.st_mode)) return absl::OkStatus();
  if (!S_ISREG(file.st_mode)) return NotKept(path_, "it is not a file");
  // Root's history is not written for another user to read, or to lose.
  if (file.st_uid != geteuid()) return NotKept(path_, "it belongs to another user");
  fd_ = std::move(fd);
  return absl::OkStatus();
}

void HistoryFile::Load() {
  struct stat file = {};
  if (fstat(fd_.get(), &file) != 0) return;
  // Of what others made huge, the end.
  const off_t begin = file.st_size > kMostBytes ? file.st_size - kMostBytes : 0;
  std::string text(file.st_size - begin, '\0');
  const ssize_t got = TEMP_FAILURE_RETRY(pread(fd_.get(), text.data(), text.size(), begin));
  text.resize(got > 0 ? got : 0);
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (line.size() <= kLongestLine && line.find('\0') == absl::string_view::npos) {
      lines_.emplace_back(line);
    }
  }
}

// Leaves the last kLines. Whatever fails, the old file or the new one is there.
void HistoryFile::Cut() {
  const std::string beside = absl::StrCat(path_, ".new");
  uds::UniqueFd fd(open(beside.c_str(),
                        O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!fd.valid()) return;
  const std::vector<std::string> kept(lines_.end() - kLines, lines_.end());
  if (WriteAll(fd.get(), absl::StrCat(absl::StrJoin(kept, "\n"), "\n")) &&
      std::rename(beside.c_str(), path_.c_str()) == 0) {
    fd_ = std::move(fd);
  } else {
    static_cast<void>(unlink(beside.c_str()));
  }
}

void HistoryFile::Add(const std::string& line) {
  if (!fd_.valid() || line.empty() || line[0] == ' ' || line == last_ ||
      line.size() > kLongestLine) {
    return;
  }
  if (WriteAll(fd_.get(), line + "\n")) {
    last_ = line;
  } else if (status_.ok()) {
    status_ = NotKept(path_, strerror(errno));
  }
}

}  // namespace udsecho::client
