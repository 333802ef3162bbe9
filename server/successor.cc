// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/successor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

// The C library of Debian 12 forgot to say that these are functions of C.
extern "C" {
#include <sys/pidfd.h>
}

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace udsecho {
namespace {

constexpr char kPredecessor[] = "UDSECHO_PREDECESSOR";
constexpr int kFirstHandedIn = 3;  // sd_listen_fds(3)
constexpr int kCannotRun = 127;    // as shells say it

// "NAME=" with room for a pid, which the new process writes into it: it alone knows it.
class PidVariable {
 public:
  explicit PidVariable(absl::string_view name)
      : text_(absl::StrCat(name, "=")), end_(text_.size()) {
    text_.resize(end_ + kDigits + 1, '\0');
  }

  char* text() { return text_.data(); }
  // After fork(2), where memory may not be allocated.
  void Write(pid_t pid) {
    char* const end = text_.data() + end_;
    *std::to_chars(end, end + kDigits, pid).ptr = '\0';
  }

 private:
  static constexpr std::size_t kDigits = 12;
  std::string text_;
  const std::size_t end_;
};

// All that the new process needs, made before fork(2).
struct NewProcess {
  const char* program;
  char** argv;
  std::vector<char*> environment;
  PidVariable listen_pid{"LISTEN_PID"};
  PidVariable watchdog_pid{"WATCHDOG_PID"};
  int listening;
};

bool IsReplaced(absl::string_view variable) {
  for (const char* name : {"LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "WATCHDOG_PID="}) {
    if (absl::StartsWith(variable, name)) return true;
  }
  return absl::StartsWith(variable, absl::StrCat(kPredecessor, "="));
}

// Between fork(2) and execve(2): only what is safe in a signal handler, as other threads may have
// held any lock.
[[noreturn]] void Become(NewProcess* process) {
  process->listen_pid.Write(getpid());
  process->watchdog_pid.Write(getpid());
  if (process->listening == kFirstHandedIn) {
    fcntl(kFirstHandedIn, F_SETFD, 0);
  } else if (process->listening >= 0) {
    dup2(process->listening, kFirstHandedIn);
  }
  // The program blocks what it waits for itself; what may stand in its place must be able to end.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(process->program, process->argv, process->environment.data());
  _exit(kCannotRun);
}

}  // namespace

Successor::Successor(char** argv) : argv_(argv) {
  std::error_code none;
  program_ = std::filesystem::read_symlink("/proc/self/exe", none).string();
  if (none) program_ = argv[0];
}

absl::Status Successor::Start(int listening) {
  if (alive()) {
    return absl::AlreadyExistsError(absl::StrCat("a new server is starting, with pid ", pid()));
  }
  if (getpid() == 1) {
    return absl::FailedPreconditionError(
        "this is the first process of a container, which would end with it; restart the container");
  }
  if (access(program_.c_str(), X_OK) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot run ", program_));
  }
  NewProcess process{
      .program = program_.c_str(), .argv = argv_, .environment = {}, .listening = listening};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!IsReplaced(*variable)) process.environment.push_back(*variable);
  }
  std::string predecessor = absl::StrCat(kPredecessor, "=", getpid());
  std::string one_socket = "LISTEN_FDS=1";
  process.environment.push_back(predecessor.data());
  if (std::getenv("WATCHDOG_PID") != nullptr)
    process.environment.push_back(process.watchdog_pid.text());
  if (listening >= 0) {
    process.environment.push_back(one_socket.data());
    process.environment.push_back(process.listen_pid.text());
  }
  process.environment.push_back(nullptr);

  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot start ", program_));
  if (pid == 0) Become(&process);
  pid_ = pid;
  return absl::OkStatus();
}

std::optional<absl::Status> Successor::CheckEnded() {
  int how = 0;
  if (!alive() || waitpid(pid_, &how, WNOHANG) != pid_) return std::nullopt;
  const pid_t pid = pid_.exchange(0);
  if (WIFEXITED(how) && WEXITSTATUS(how) == kCannotRun) {
    return absl::AbortedError(absl::StrCat("the system cannot run ", program_,
                                           "; put a whole program there, and try again"));
  }
  const std::string ended = WIFEXITED(how) ? absl::StrCat("exit code ", WEXITSTATUS(how))
                                           : absl::StrCat("signal ", WTERMSIG(how));
  return absl::AbortedError(absl::StrCat("the new server, with pid ", pid, ", has ended (", ended,
                                         "); what it has logged says why"));
}

std::optional<Predecessor> Predecessor::Take() {
  const char* const text = std::getenv(kPredecessor);
  pid_t pid = 0;
  const bool is_given = text != nullptr && absl::SimpleAtoi(text, &pid) && pid > 1;
  unsetenv(kPredecessor);
  if (!is_given) return std::nullopt;
  uds::UniqueFd process(pidfd_open(pid, 0));
  // Asked afterwards: as long as it is the parent, the number was its own.
  if (pid != getppid()) return std::nullopt;
  return Predecessor(pid, std::move(process));
}

void Predecessor::Stop() const {
  if (process_.valid()) {
    pidfd_send_signal(process_.get(), SIGTERM, nullptr, 0);
  } else if (getppid() == pid_) {
    kill(pid_, SIGTERM);
  }
}

}  // namespace udsecho
