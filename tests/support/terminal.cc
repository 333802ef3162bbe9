// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/support/terminal.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <cerrno>
#include <cstdlib>

#include "tests/support/patience.h"

namespace support {

Terminal::Terminal(std::vector<std::string> command) {
  // All that allocates comes before the fork: the test may have threads.
  std::vector<char*> arguments;
  for (std::string& text : command) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  std::vector<char*> environment;
  char term[] = "TERM=xterm";
  char locale[] = "LC_ALL=C.UTF-8";
  for (char* entry : {term, locale}) environment.push_back(entry);
  environment.push_back(nullptr);

  int terminal = -1;
  int end = -1;
  if (openpty(&terminal, &end, nullptr, nullptr, nullptr) != 0) std::abort();
  // Before the program can change it.
  tcgetattr(terminal, &begin_);
  pid_ = fork();
  if (pid_ < 0) std::abort();
  if (pid_ == 0) {
    close(terminal);
    if (login_tty(end) != 0) _exit(127);
    signal(SIGPIPE, SIG_DFL);
    execve(arguments[0], arguments.data(), environment.data());
    _exit(127);
  }
  close(end);
  fd_.reset(terminal);
}

Terminal::~Terminal() {
  if (waited_) return;
  Signal(SIGKILL);
  Wait();
}

void Terminal::Type(absl::string_view keys) {
  if (write(fd_.get(), keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
    ADD_FAILURE() << "the terminal takes no keys";
  }
}

bool Terminal::Sees(absl::string_view text) {
  const std::string wanted(text);
  size_t at = std::string::npos;
  while ((at = shown_.find(wanted, seen_)) == std::string::npos) {
    if (ReadMore()) continue;
    ADD_FAILURE() << "'" << wanted << "' does not show up; all there is:\n" << shown_;
    return false;
  }
  seen_ = at + wanted.size();
  return true;
}

bool Terminal::IsAsItWas() const {
  termios now = {};
  tcgetattr(fd_.get(), &now);
  return now.c_lflag == begin_.c_lflag && now.c_iflag == begin_.c_iflag &&
         now.c_oflag == begin_.c_oflag;
}

void Terminal::Signal(int signal) const { kill(pid_, signal); }

void Terminal::SignalForeground(int signal) const { kill(-tcgetpgrp(fd_.get()), signal); }

int Terminal::Wait() {
  while (ReadMore()) {
  }
  int status = 0;
  const Deadline deadline;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (deadline.IsOver()) {
      ADD_FAILURE() << "the program does not end; all it showed:\n" << shown_;
      Signal(SIGKILL);
    }
    poll(nullptr, 0, 1);
  }
  waited_ = true;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool Terminal::ReadMore() {
  if (!fd_.valid()) return false;
  pollfd readable = {fd_.get(), POLLIN, 0};
  if (TEMP_FAILURE_RETRY(poll(&readable, 1, Deadline().MillisecondsLeft())) <= 0) return false;
  char block[4096];
  // EIO: nobody has the other end open any more.
  const ssize_t got = TEMP_FAILURE_RETRY(read(fd_.get(), block, sizeof(block)));
  if (got <= 0) return false;
  shown_.append(block, got);
  return true;
}

}  // namespace support
