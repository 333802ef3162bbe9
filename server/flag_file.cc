// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/flag_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "uds/printable.h"
#include "uds/unique_fd.h"

namespace udsecho {
namespace {

constexpr char kFlag[] = "--flagfile";

// A file of flags has a screen of text. What is longer is something else.
constexpr std::size_t kLongest = 1 << 20;

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  const std::string what = absl::StrCat(kFlag, ": cannot read ", uds::Printable(path));
  const uds::UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.valid()) return absl::ErrnoToStatus(errno, what);
  std::string text;
  std::array<char, 4096> some;
  for (;;) {
    const ssize_t bytes = TEMP_FAILURE_RETRY(read(file.get(), some.data(), some.size()));
    if (bytes < 0) return absl::ErrnoToStatus(errno, what);
    if (bytes == 0) return text;
    text.append(some.data(), static_cast<std::size_t>(bytes));
    if (text.size() > kLongest) {
      return absl::InvalidArgumentError(absl::StrCat(what, ": it is longer than 1 MiB"));
    }
  }
}

absl::Status AddLines(const std::string& path, FlagFileArguments* to) {
  const absl::StatusOr<std::string> text = ReadAll(path);
  if (!text.ok()) return text.status();
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (line == kFlag || absl::StartsWith(line, absl::StrCat(kFlag, "="))) {
      return absl::InvalidArgumentError(absl::StrCat(kFlag, ": ", uds::Printable(path),
                                                     " names a further flag file; give that on the "
                                                     "command line"));
    }
    to->all.emplace_back(line);
    to->of_file.emplace_back(line);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FlagFileArguments> ExpandFlagFiles(const std::vector<std::string>& arguments) {
  FlagFileArguments expanded;
  bool flags_ended = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    expanded.all.push_back(arguments[i]);
    flags_ended = flags_ended || argument == "--";
    if (flags_ended || !absl::ConsumePrefix(&argument, kFlag)) continue;
    std::string path;
    if (argument.empty() && i + 1 < arguments.size()) {
      path = arguments[++i];
      expanded.all.push_back(path);
    } else if (absl::ConsumePrefix(&argument, "=") && !argument.empty()) {
      path = std::string(argument);
    } else {
      continue;  // for the parser to refuse
    }
    if (absl::Status added = AddLines(path, &expanded); !added.ok()) return added;
  }
  return expanded;
}

bool IsReloadable(absl::string_view line) {
  for (const absl::string_view flag : {"--allow", "--log_level", "--log_file", "--access_log"}) {
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, flag) && (rest.empty() || rest[0] == '=' || rest[0] == ' ')) {
      return true;
    }
  }
  return false;
}

}  // namespace udsecho
