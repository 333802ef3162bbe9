// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The kernel refuses one call: each of those that the server makes from its start to its end, in turn, with each error
// that fits. Whatever it is: no crash, no hang, no descriptor lost; at most one client has a call unanswered, and
// another connection answers it; and the log says so, unless it is what a client that leaves looks like.

#include <errno.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tests/integration/exit_codes.h"
#include "tests/integration/programs.h"
#include "tests/integration/server_process.h"
#include "tests/security/http2.h"
#include "tests/security/process_usage.h"
#include "tests/security/raw_peer.h"
#include "tests/support/other_user.h"
#include "tests/support/patience.h"
#include "tests/support/spawned_process.h"
#include "tests/support/temp_dir.h"

namespace udsecho {
namespace {

using security::RawPeer;

constexpr int kPeerPidFd = 77;  // SO_PEERPIDFD of Linux 6.5

struct Fault {
  std::string function;
  int error;
  bool told = true;  // a line of level warn or error is due
  int option = -1;   // of getsockopt
};

std::string NameOf(const Fault& fault) {
  return absl::StrCat(fault.function, "_", strerrorname_np(fault.error),
                      fault.option < 0 ? "" : absl::StrCat("_", fault.option));
}
void PrintTo(const Fault& fault, std::ostream* out) { *out << NameOf(fault); }

// One life of a server, of which the nth call fails.
class Life {
 public:
  Life(const Fault& fault, int nth)
      : path_(dir_.Path("s")),
        process_(integration::ServerCommand({path_, "--log_format=json", "--grace=1s"}),
                 {.directory = "",
                  .environment = {
                      absl::StrCat("LD_PRELOAD=",
                                   std::filesystem::absolute(std::getenv("REFUSE_SO")).string()),
                      absl::StrCat("REFUSE=", fault.function, " ", nth, " ", fault.error, " ",
                                   fault.option)}}) {}

  // Until it serves, or has ended.
  bool Starts() { return FindEvent("service_started"); }

  // Calls, answered or not, and then the end.
  void Call() {
    {
      RawPeer peer(support::ConnectAs(getuid(), path_));
      peer.Greet();
      for (std::uint32_t stream = 1; stream < 100 && Echo(&peer, stream); stream += 2) {
      }
    }
    process_.Signal(SIGTERM);
  }

  void Run() {
    const int before = security::UsageOf(process_.pid()).descriptors;
    {
      // Both connections are there before either is of use.
      std::vector<RawPeer> peers;
      for (int i = 0; i < 2; ++i) peers.push_back(Connect());
      int unanswered = 0;
      for (int call = 0; call < 2; ++call) {
        for (RawPeer& peer : peers) {
          if (peer.connected() && !Echo(&peer, 2 * call + 1)) {
            ++unanswered;
            peer.Close();
            RawPeer again = Connect();
            EXPECT_TRUE(Echo(&again, 1)) << "at the second attempt";
          }
        }
      }
      EXPECT_LE(unanswered, 1);
    }
    AwaitDescriptors(before);
    process_.Signal(SIGTERM);
  }

  int Wait() { return process_.Wait(); }
  // After Wait(). The only thing that it says on standard output.
  bool Refused() { return process_.out().HasLine(0); }
  bool Told() {
    for (std::size_t i = 0; process_.err().HasLine(i); ++i) {
      const std::string level = integration::ParseLogLine(process_.err().Line(i))["level"];
      if (level == "warn" || level == "error") return true;
    }
    return false;
  }
  bool Says(const std::string& text) {
    for (std::size_t i = 0; process_.err().HasLine(i); ++i) {
      if (process_.err().Line(i).find(text) != std::string::npos) return true;
    }
    return false;
  }
  std::string Log() { return process_.err().SoFar(); }
  bool LeavesSocket() const { return std::filesystem::exists(path_); }

 private:
  void AwaitDescriptors(int before) const {
    const support::Deadline deadline;
    while (security::UsageOf(process_.pid()).descriptors > before) {
      ASSERT_FALSE(deadline.IsOver()) << "more than " << before << " descriptors";
      poll(nullptr, 0, 1);
    }
  }

  bool FindEvent(const std::string& name) {
    for (std::size_t i = 0; process_.err().HasLine(i); ++i) {
      if (integration::ParseLogLine(process_.err().Line(i))["event"] == name) return true;
    }
    return false;
  }

  RawPeer Connect() const {
    RawPeer peer(support::ConnectAs(getuid(), path_));
    EXPECT_TRUE(peer.connected());
    peer.Greet();
    return peer;
  }

  static bool Echo(RawPeer* peer, std::uint32_t stream) {
    if (!peer->Send(security::Call(stream, security::kEcho, security::EchoRequest("hi"))))
      return false;
    return peer->AwaitStatus(stream, /*polite=*/true) == 0 &&
           peer->reply(stream).messages().size() == 1;
  }

  const support::TempDir dir_;
  const std::string path_;
  support::SpawnedProcess process_;
};

class FaultsTest : public ::testing::TestWithParam<Fault> {};

TEST_P(FaultsTest, AreSurvivedAtEachCall) {
  constexpr int kMostCalls = 500;
  int nth = 0;
  while (nth < kMostCalls) {
    Life life(GetParam(), ++nth);
    const bool starts = life.Starts();
    if (starts) life.Run();
    const int code = life.Wait();
    if (!life.Refused()) {
      EXPECT_EQ(code, integration::kClean);
      break;
    }
    SCOPED_TRACE(absl::StrCat("call ", nth, starts ? ", after the start" : "", "\n", life.Log()));
    EXPECT_TRUE(life.Told() || !GetParam().told);
    EXPECT_TRUE(code == integration::kClean ||
                (!starts && (code == 1 || code == integration::kAddressRefused)))
        << code;
    EXPECT_FALSE(life.LeavesSocket());
    if (HasFailure()) break;
  }
  EXPECT_GT(nth, 1) << "it is never called";
  EXPECT_LT(nth, kMostCalls);
  RecordProperty("calls", nth - 1);
}

// What is left of a server that may not remove its socket is told, by its log and its exit status, and the next one
// reclaims it.
TEST(PathTest, ThatCannotBeRemovedIsTold) {
  Life life({"unlinkat", EACCES}, 1);
  ASSERT_TRUE(life.Starts());
  life.Call();
  EXPECT_EQ(life.Wait(), integration::kFailed);
  EXPECT_TRUE(life.Refused());
  EXPECT_TRUE(life.Says("path_left")) << life.Log();
  EXPECT_TRUE(life.LeavesSocket());
}

// The program cannot go on without memory, as operator new throws: it ends, and says why. (Log lines are written
// without: the log catches what is thrown.) Memory that a uid may not have is another matter: the program has it
// (tests/http2/memory_test.cc).
TEST(MemoryTest, IsRefusedAndEndsItLoudlyOrNotAtAll) {
  constexpr int kCalls = 60;  // some of them for each step of a call
  constexpr int kAborted = 128 + SIGABRT;
  int aborted = 0;
  for (int nth = 1; nth < kCalls; ++nth) {
    Life life({"malloc", ENOMEM}, nth);
    ASSERT_TRUE(life.Starts());
    life.Call();
    const int code = life.Wait();
    ASSERT_TRUE(life.Refused()) << nth;
    if (code == integration::kClean) continue;
    ++aborted;
    EXPECT_EQ(code, kAborted) << nth << life.Log();
    EXPECT_TRUE(life.Says("bad_alloc") || life.Says("out of memory")) << nth << life.Log();
  }
  EXPECT_GT(aborted, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Calls, FaultsTest,
    ::testing::Values(
        Fault{"accept4", EMFILE}, Fault{"accept4", ENFILE}, Fault{"accept4", ENOMEM},
        Fault{"accept4", ENOBUFS}, Fault{"accept4", ECONNABORTED, false},
        Fault{"accept4", EINTR, false}, Fault{"accept4", EPERM}, Fault{"bind", EADDRINUSE},
        Fault{"bind", EACCES}, Fault{"epoll_create1", EMFILE}, Fault{"epoll_ctl", ENOMEM},
        Fault{"epoll_ctl", ENOSPC}, Fault{"eventfd", EMFILE}, Fault{"eventfd", ENOMEM},
        Fault{"flock", EINTR, false}, Fault{"flock", ENOLCK}, Fault{"flock", EWOULDBLOCK, false},
        Fault{"getsockopt", EPERM, true, SO_PEERCRED},
        Fault{"getsockopt", EPERM, false, SO_PEERGROUPS},
        Fault{"getsockopt", EMFILE, false, kPeerPidFd}, Fault{"inotify_init1", EMFILE},
        Fault{"listen", ENOBUFS}, Fault{"openat", EMFILE}, Fault{"openat", EACCES},
        Fault{"openat", EINTR}, Fault{"recv", EINTR, false}, Fault{"recv", ENOMEM},
        Fault{"recv", ECONNRESET, false}, Fault{"sendmsg", EINTR, false},
        Fault{"sendmsg", EAGAIN, false}, Fault{"sendmsg", EPIPE, false}, Fault{"sendmsg", ENOBUFS},
        Fault{"sendmsg", ENOMEM}, Fault{"signalfd", EMFILE}, Fault{"signalfd", ENOMEM},
        Fault{"socket", EMFILE}),
    [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace udsecho
