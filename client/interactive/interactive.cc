// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/interactive/interactive.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/interactive/line_editor.h"
#include "client/output.h"
#include "client/style.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

// A reply that comes so soon is shown before the next prompt, instead of in its place.
constexpr int kSoonMilliseconds = 50;

struct Pipe {
  uds::UniqueFd reader;
  uds::UniqueFd writer;
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  return Pipe{uds::UniqueFd(ends[0]), uds::UniqueFd(ends[1])};
}

// What is there now; false once the writer is gone.
bool Copy(int from, Output* to) {
  char block[64 * 1024];
  const ssize_t got = TEMP_FAILURE_RETRY(read(from, block, sizeof(block)));
  if (got <= 0) return false;
  absl::Status status = to->Add({block, static_cast<size_t>(got)});
  status.Update(to->Flush());
  return status.ok();
}

bool Write(int fd, const std::string& line) {
  Output output(fd);
  absl::Status status = output.AddLine(line);
  status.Update(output.Flush());
  return status.ok();
}

void CopyWhatComesSoon(int from, Output* to) {
  pollfd readable = {from, POLLIN, 0};
  if (TEMP_FAILURE_RETRY(poll(&readable, 1, kSoonMilliseconds)) > 0) Copy(from, to);
}

}  // namespace

Outcome Interact(const Streams& streams, Interrupt* interrupt, const std::string& address,
                 const std::function<Outcome(int in, int out)>& chat) {
  absl::StatusOr<Pipe> lines = MakePipe();
  absl::StatusOr<Pipe> replies = MakePipe();
  if (!lines.ok()) return LocalIoError(lines.status().message());
  if (!replies.ok()) return LocalIoError(replies.status().message());
  // The stream may have ended while somebody types: then the write says so, and not a signal.
  signal(SIGPIPE, SIG_IGN);

  Output output(streams.out);
  const Style style = Style::For(streams.out);
  static_cast<void>(Write(
      streams.out, absl::StrCat(style.Bold(address), ": each line is a message; Ctrl-D leaves")));
  Outcome outcome;
  std::thread thread([&] {
    const uds::UniqueFd in = std::move(lines->reader);
    const uds::UniqueFd out = std::move(replies->writer);
    outcome = chat(in.get(), out.get());
  });
  {
    LineEditor editor(streams.in, streams.out, "> ", replies->reader.get(),
                      [&] { return Copy(replies->reader.get(), &output); });
    while (const std::optional<std::string> line = editor.Read()) {
      if (!Write(lines->writer.get(), *line)) break;
      CopyWhatComesSoon(replies->reader.get(), &output);
    }
  }
  if (!interrupt->triggered()) static_cast<void>(Write(streams.out, ""));
  lines->writer.reset();
  while (Copy(replies->reader.get(), &output)) {
  }
  thread.join();
  return outcome;
}

}  // namespace udsecho::client
