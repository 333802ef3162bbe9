// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What two processes can do over a Unix socket with nothing in between: 64 bytes there and back,
// by blocking reads and writes, which wake either side each time. How fast it is tells one machine,
// or one minute of a shared one, from another.
//
//   ping_pong 0 1 0.5   # echo on core 0, ask from core 1, for half a second
//
// Prints the round trips as JSON: {"round_trips":23210,"p50_ns":21042,"p99_ns":40311}

#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Message = std::array<char, 64>;

void PinTo(const char* core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(std::stoul(core), &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0) {
    std::cerr << "ping_pong: this process may not run on core " << core << '\n';
    std::exit(1);
  }
}

// A message is short enough to be read and written as a whole.
bool Read(int fd, Message* message) {
  return read(fd, message->data(), message->size()) == ssize_t{sizeof(Message)};
}

bool Write(int fd, const Message& message) {
  return write(fd, message.data(), message.size()) == ssize_t{sizeof(Message)};
}

int Echo(int fd) {
  Message message;
  while (Read(fd, &message) && Write(fd, message)) {
  }
  return 0;
}

// Round trips in ns, of those after the first tenth of the time.
std::vector<std::int64_t> Ask(int fd, std::chrono::duration<double> length) {
  std::vector<std::int64_t> times;
  Message message{};
  const auto begin = Clock::now();
  for (auto sent = begin; sent - begin < length;) {
    if (!Write(fd, message) || !Read(fd, &message)) break;
    const auto received = Clock::now();
    if (sent - begin > length / 10) {
      times.push_back(std::chrono::nanoseconds(received - sent).count());
    }
    sent = received;
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "Usage: ping_pong ECHO_CORE ASK_CORE SECONDS\n";
    return 2;
  }
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return 1;
  const pid_t echo = fork();
  if (echo < 0) return 1;
  if (echo == 0) {
    close(fds[0]);
    PinTo(argv[1]);
    _exit(Echo(fds[1]));
  }
  close(fds[1]);
  PinTo(argv[2]);
  const std::vector<std::int64_t> times =
      Ask(fds[0], std::chrono::duration<double>(std::stod(argv[3])));
  close(fds[0]);
  waitpid(echo, nullptr, 0);
  if (times.empty()) {
    std::cerr << "ping_pong: no answer\n";
    return 1;
  }
  std::cout << R"({"round_trips":)" << times.size() << R"(,"p50_ns":)" << times[times.size() / 2]
            << R"(,"p99_ns":)" << times[times.size() * 99 / 100] << "}\n";
}
