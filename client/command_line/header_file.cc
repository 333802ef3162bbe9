// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/header_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/command_line/values.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const uds::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "cannot open it");
  std::string text;
  char block[16 * 1024];
  while (true) {
    const ssize_t got = TEMP_FAILURE_RETRY(read(fd.get(), block, sizeof(block)));
    if (got < 0) return absl::ErrnoToStatus(errno, "cannot read it");
    if (got == 0) return text;
    text.append(block, got);
    if (text.size() > kMaxHeaderFile) {
      return absl::ResourceExhaustedError(
          absl::StrCat("it has more than ", kMaxHeaderFile, " bytes; is it a file of headers?"));
    }
  }
}

Outcome ReadHeaders(const std::string& path, CallOptions* options) {
  const std::string name = absl::StrCat("--metadata: ", path);
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return LocalIoError(absl::StrCat(name, ": ", text.status().message()));
  int number = 0;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    absl::StatusOr<Header> header = ParseHeader(line);
    if (!header.ok()) {
      return UsageError(absl::StrCat(name, ": line ", number, " ", header.status().message()));
    }
    options->metadata.push_back(*std::move(header));
  }
  return {};
}

}  // namespace

Outcome ReadHeaderFiles(CallOptions* options) {
  for (const std::string& path : options->metadata_files) {
    if (Outcome outcome = ReadHeaders(path, options); !outcome.ok()) return outcome;
  }
  return {};
}

}  // namespace udsecho::client
