// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/interactive/line_run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"

namespace udsecho::client {

absl::StatusOr<std::unique_ptr<LineRun>> LineRun::Start(const Conversation& conversation,
                                                        int replies, const Tell& tell) {
  std::unique_ptr<LineRun> run(new LineRun);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  run->lines_.reset(ends[0]);
  run->input_.reset(ends[1]);
  run->over_.reset(eventfd(0, EFD_CLOEXEC));
  if (!run->over_.valid() || fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make an eventfd");
  }
  run->thread_ = std::thread([self = run.get(), &conversation, replies, tell] {
    self->outcome_ =
        conversation.run(self->lines_.get(), replies, &self->interrupt_, tell, &self->ended_);
    // First: the next line that is typed belongs to the next run.
    static_cast<void>(eventfd_write(self->over_.get(), 1));
    if (!self->outcome_.error.empty()) tell(self->outcome_.error);
  });
  return run;
}

LineRun::~LineRun() {
  if (!thread_.joinable()) return;
  Cancel();
  thread_.join();
}

bool LineRun::is_over() const {
  pollfd over = {over_.get(), POLLIN, 0};
  return TEMP_FAILURE_RETRY(poll(&over, 1, 0)) > 0;
}

Outcome LineRun::Join() {
  thread_.join();
  return outcome_;
}

}  // namespace udsecho::client
