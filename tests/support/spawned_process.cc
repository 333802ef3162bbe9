// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/support/spawned_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "tests/support/patience.h"

namespace support {
namespace {

void CheckThat(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::abort();
}

struct Pipe {
  Pipe() {
    int ends[2];
    CheckThat(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
    reading.reset(ends[0]);
    writing.reset(ends[1]);
  }
  uds::UniqueFd reading;
  uds::UniqueFd writing;
};

// As exec wants them: valid while `strings` are.
std::vector<char*> Pointers(std::vector<std::string>* strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings->size() + 1);
  for (std::string& text : *strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In front, as getenv() takes the first of a name.
std::vector<std::string> Environment(const SpawnOptions& options) {
  std::vector<std::string> environment = options.environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

// posix_spawn and not fork: the test may have threads.
pid_t Spawn(std::vector<std::string> command, const SpawnOptions& options, int in, int out,
            int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  int first_closed = STDERR_FILENO + 1;
  std::vector<uds::UniqueFd> copies;  // out of the way of the numbers that they get
  for (const int descriptor : options.descriptors) {
    copies.emplace_back(fcntl(descriptor, F_DUPFD_CLOEXEC, 100));
    CheckThat(copies.back().valid(), "fcntl");
    posix_spawn_file_actions_adddup2(&actions, copies.back().get(), first_closed++);
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, first_closed);
  if (!options.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str());
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::vector<std::string> environment = Environment(options);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, command[0].c_str(), &actions, &attributes,
                                Pointers(&command).data(), Pointers(&environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    std::fprintf(stderr, "cannot start %s: %s\n", command[0].c_str(), std::strerror(error));
    std::abort();
  }
  return pid;
}

bool AwaitEvent(int fd, short event, const Deadline& deadline) {
  pollfd wanted = {fd, event, 0};
  return TEMP_FAILURE_RETRY(poll(&wanted, 1, deadline.MillisecondsLeft())) > 0;
}

}  // namespace

SpawnedProcess::SpawnedProcess(const std::vector<std::string>& command,
                               const SpawnOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  Pipe in;
  Pipe out;
  Pipe err;
  pid_ = Spawn(command, options, in.reading.get(), out.writing.get(), err.writing.get());
  pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  CheckThat(pidfd_.valid(), "pidfd_open");
  CheckThat(fcntl(in.writing.get(), F_SETFL, O_NONBLOCK) == 0, "fcntl");
  in_ = std::move(in.writing);
  out_ = std::make_unique<CapturedOutput>(std::move(out.reading));
  err_ = std::make_unique<CapturedOutput>(std::move(err.reading));
}

SpawnedProcess::~SpawnedProcess() {
  if (exit_code_.has_value()) return;
  Signal(SIGKILL);
  Reap();
}

bool SpawnedProcess::Write(absl::string_view text) {
  const Deadline deadline;
  while (!text.empty()) {
    const ssize_t written = TEMP_FAILURE_RETRY(write(in_.get(), text.data(), text.size()));
    if (written >= 0) {
      text.remove_prefix(written);
    } else if (errno != EAGAIN) {
      return false;
    } else if (!AwaitEvent(in_.get(), POLLOUT, deadline)) {
      ADD_FAILURE() << "the program does not read its standard input";
      return false;
    }
  }
  return true;
}

void SpawnedProcess::Signal(int signal) {
  if (!exit_code_.has_value()) CheckThat(kill(pid_, signal) == 0, "kill");
}

int SpawnedProcess::Wait() {
  if (exit_code_.has_value()) return *exit_code_;
  if (!AwaitEvent(pidfd_.get(), POLLIN, Deadline())) {
    ADD_FAILURE() << "the program does not end; its standard error so far:\n" << err_->SoFar();
    Signal(SIGKILL);
  }
  return Reap();
}

int SpawnedProcess::Reap() {
  int status = 0;
  CheckThat(TEMP_FAILURE_RETRY(waitpid(pid_, &status, 0)) == pid_, "waitpid");
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return *exit_code_;
}

Finished RunToEnd(const std::vector<std::string>& command, absl::string_view input,
                  const SpawnOptions& options) {
  SpawnedProcess process(command, options);
  process.Write(input);
  process.CloseInput();
  const int exit_code = process.Wait();
  return {process.pid(), exit_code, process.out().Whole(), process.err().Whole()};
}

}  // namespace support
