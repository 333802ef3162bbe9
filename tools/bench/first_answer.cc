// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How long a server takes from its start to its first answer, as a client sees it: it connects
// again and again until a call of Echo/Echo comes back whole.
//
//   first_answer 0 /tmp/sock1 server /tmp/sock1   # the server on core 0; "any" leaves it free
//
// Prints {"ms":7.2} and stops the server. The call is HTTP/2 made by hand: a library's own start,
// and its wait between two attempts to connect, would be most of what is measured.

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::seconds(60);

constexpr char kData = 0;
constexpr char kHeaders = 1;
constexpr char kSettings = 4;
constexpr char kEndStream = 1;
constexpr char kEndHeaders = 4;
constexpr std::size_t kFrameHeader = 9;

std::string Frame(char type, char flags, char stream, const std::string& payload) {
  std::string frame(kFrameHeader, '\0');
  frame[1] = static_cast<char>(payload.size() >> 8U);
  frame[2] = static_cast<char>(payload.size());
  frame[3] = type;
  frame[4] = flags;
  frame[8] = stream;
  return frame + payload;
}

// Written out, without the table of HPACK.
std::string Header(const std::string& name, const std::string& value) {
  std::string field(1, '\0');
  field += static_cast<char>(name.size());
  field += name;
  field += static_cast<char>(value.size());
  return field + value;
}

// The connection's preface and one whole call of Echo with the message "hi".
std::string Request() {
  const std::string headers = Header(":method", "POST") + Header(":scheme", "http") +
                              Header(":path", "/udsecho.v1.Echo/Echo") +
                              Header(":authority", "localhost") + Header("te", "trailers") +
                              Header("content-type", "application/grpc");
  const std::string message("\0\0\0\0\4\n\2hi", 9);
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(kSettings, 0, 0, "") +
         Frame(kHeaders, kEndHeaders, 1, headers) + Frame(kData, kEndStream, 1, message);
}

// Whether `received` has the answer's message. A stand-in for a server that is not there yet would
// send headers alone.
bool HasMessage(const std::string& received) {
  std::size_t at = 0;
  while (received.size() >= at + kFrameHeader) {
    const auto byte = [&](std::size_t i) {
      return std::size_t{static_cast<unsigned char>(received[at + i])};
    };
    const std::size_t length = (byte(0) << 16U) + (byte(1) << 8U) + byte(2);
    if (received.size() < at + kFrameHeader + length) return false;
    if (received[at + 3] == kData && received[at + 8] == 1 && length > 0) return true;
    at += kFrameHeader + length;
  }
  return false;
}

// Whether one connection brought the answer.
bool Ask(const sockaddr_un& address) {
  static const std::string kRequest = Request();
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool answered = false;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) > 0) {
    std::string received;
    pollfd readable = {.fd = fd, .events = POLLIN, .revents = 0};
    // Who says nothing for a second has let the call fall.
    while (!answered && poll(&readable, 1, 1000) == 1) {
      char buffer[4096];
      const ssize_t size = read(fd, buffer, sizeof(buffer));
      if (size <= 0) break;
      answered = HasMessage(received.append(buffer, static_cast<std::size_t>(size)));
    }
  }
  close(fd);
  return answered;
}

pid_t Start(const char* core, char** command) {
  const pid_t server = fork();
  if (server != 0) return server;
  setpgid(0, 0);
  if (std::strcmp(core, "any") != 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(std::stoul(core), &set);
    sched_setaffinity(0, sizeof(set), &set);
  }
  execvp(command[0], command);
  std::cerr << "first_answer: " << command[0] << " cannot be run\n";
  _exit(127);
}

bool HasEnded(pid_t server) {
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(server), &info, WEXITED | WNOHANG | WNOWAIT);
  return info.si_pid == server;
}

// Stops the server and all that it started, by force if it does not go by itself.
void Stop(pid_t server) {
  kill(server, SIGTERM);
  const auto end = Clock::now() + std::chrono::seconds(10);
  while (waitpid(server, nullptr, WNOHANG) == 0) {
    if (Clock::now() > end) kill(-server, SIGKILL);
    usleep(1000);
  }
  kill(-server, SIGKILL);
}

}  // namespace

int main(int argc, char** argv) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (argc < 4 || std::strlen(argv[2]) >= sizeof(address.sun_path)) {
    std::cerr << "Usage: first_answer CORE|any SOCKET COMMAND...\n";
    return 2;
  }
  std::strcpy(address.sun_path, argv[2]);
  const auto begin = Clock::now();
  const pid_t server = Start(argv[1], argv + 3);
  bool answered = false;
  while (!(answered = Ask(address)) && !HasEnded(server) && Clock::now() - begin < kPatience) {
    // Short beside what is measured, and leaves a shared core to the server.
    usleep(50);
  }
  const std::chrono::duration<double, std::milli> taken = Clock::now() - begin;
  Stop(server);
  if (!answered) {
    std::cerr << "first_answer: no answer\n";
    return 1;
  }
  std::cout << R"({"ms":)" << taken.count() << "}\n";
}
