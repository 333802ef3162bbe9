// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Descriptors: running out of them, and getting them back. Tests 15, 26 and 29 of docs/security.md.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>

#include "tests/security/attack_test.h"

namespace udsecho::security {
namespace {

std::string OneCall() {
  return Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream);
}

class DescriptorsTest : public AttackTest {
 protected:
  void LimitDescriptors(int count) const {
    const rlimit limit = {.rlim_cur = static_cast<rlim_t>(count),
                          .rlim_max = static_cast<rlim_t>(count)};
    ASSERT_EQ(prlimit(server().pid(), RLIMIT_NOFILE, &limit, nullptr), 0) << std::strerror(errno);
  }
};

TEST_F(DescriptorsTest, T15OutOfDescriptorsAndBack) {
  Serve({"--handshake_timeout=60s"});
  LimitDescriptors(45);  // some 15 are its own, and each connection takes one
  std::vector<RawPeer> attackers;
  for (int i = 0; i < 50; ++i) attackers.push_back(Attacker());
  server().Event("accept_paused", 1);
  const auto start = std::chrono::steady_clock::now();
  const Usage before = Now();
  server().Event("accept_paused", 5);
  const absl::Duration cpu = Now().cpu - before.cpu;
  const absl::Duration wall = absl::FromChrono(std::chrono::steady_clock::now() - start);
  // Busy, it would take all of a core; the honest client goes on and takes some.
  EXPECT_LT(absl::ToDoubleSeconds(cpu), 0.7 * absl::ToDoubleSeconds(wall));
  attackers.erase(attackers.begin() + 2, attackers.end());
  for (int i = 0; i < 5; ++i) attackers.push_back(Attacker());
  for (RawPeer& attacker : attackers) {
    ASSERT_TRUE(attacker.Send(OneCall()));
    ASSERT_EQ(attacker.AwaitStatus(1), 0);
  }
}

class StoppingTest : public DescriptorsTest {
  void TearDown() override {}  // it has ended
};

TEST_F(StoppingTest, T26WhoConnectsWhileItStopsIsServedOrRefused) {
  Serve();
  RawPeer busy = Attacker();
  BeginLongCall(&busy);
  honest().ExpectNothingLost();
  // In the backlog, some with a call.
  server().Signal(SIGSTOP);
  std::vector<RawPeer> late;
  for (int i = 0; i < 50; ++i) {
    late.push_back(Attacker(kSecondAttacker));
    if (i % 2 == 0) late.back().Send(OneCall());
  }
  server().Signal(SIGTERM);
  server().Signal(SIGCONT);
  for (int i = 0; i < 50; i += 2) EXPECT_EQ(late[i].AwaitStatus(1), 0);
  for (RawPeer& peer : late) EXPECT_TRUE(peer.AwaitClosed());
  EXPECT_FALSE(Connect().connected());
  EXPECT_EQ(server().Wait(), integration::kCallsCutOff);  // the busy one
}

TEST_F(DescriptorsTest, T29BackAtTheBaselineAfterTenThousandConnections) {
  Serve();
  const auto thousands = [&](int count) {
    for (int i = 0; i < count * 10; ++i) {
      std::vector<RawPeer> attackers = Attackers(100, i % 2 == 0 ? kAttacker : kSecondAttacker);
      for (RawPeer& attacker : attackers) ASSERT_TRUE(attacker.Send(OneCall()));
      for (RawPeer& attacker : attackers) ASSERT_EQ(attacker.AwaitStatus(1), 0);
    }
    AwaitDescriptorsOfRest();
  };
  thousands(5);
  const std::int64_t before = Now().resident_bytes;
  thousands(5);
  // Half a KiB kept of each connection would be 2.5 MiB.
  EXPECT_LT(Now().resident_bytes - before, 2 * kMiB);
  EXPECT_LT(Now().resident_bytes - at_rest().resident_bytes, 24 * kMiB);
}

TEST_F(DescriptorsTest, ThousandIdleConnectionsCostUnderTwentyMiB) {
  Serve();
  {
    const Usage before = Now();
    const std::vector<RawPeer> idle = Attackers(1000);
    AwaitUsage([&](const Usage& now) { return now.descriptors >= before.descriptors + 1000; },
               "they are not all accepted");
    honest().AwaitAnswers(20);
    const std::int64_t cost = Now().resident_bytes - before.resident_bytes;
    std::cout << "1,000 idle connections: " << static_cast<double>(cost) / kMiB << " MiB\n";
    EXPECT_LT(cost, 20 * kMiB);
  }
}

// Descriptors that a client attaches to its bytes must not become the server's.
class PassedDescriptorsTest : public DescriptorsTest {
 protected:
  // Sends `bytes` with 50 descriptors attached.
  static void SendWithDescriptors(const RawPeer& peer, std::string bytes, int descriptor) {
    constexpr int kCount = 50;
    std::array<int, kCount> descriptors;
    descriptors.fill(descriptor);
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(descriptors))> control = {};
    iovec part = {.iov_base = bytes.data(), .iov_len = bytes.size()};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(descriptors));
    std::memcpy(CMSG_DATA(header), descriptors.data(), sizeof(descriptors));
    ASSERT_EQ(sendmsg(peer.fd(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()))
        << std::strerror(errno);
  }
};

TEST_F(PassedDescriptorsTest, AreNotTaken) {
  Serve();
  const int before = Now().descriptors;
  constexpr int kConnections = 20;
  std::vector<RawPeer> attackers;
  std::array<int, 2> pipe_ends;
  ASSERT_EQ(pipe2(pipe_ends.data(), O_CLOEXEC), 0);
  const uds::UniqueFd reading(pipe_ends[0]);
  uds::UniqueFd writing(pipe_ends[1]);
  for (int i = 0; i < kConnections; ++i) {
    attackers.push_back(Connect());
    const RawPeer& peer = attackers.back();
    // Before it has spoken, and after.
    if (i % 2 == 0) SendWithDescriptors(peer, std::string(kPreface.substr(0, 3)), writing.get());
    attackers.back().Send(std::string(kPreface.substr(i % 2 == 0 ? 3 : 0)) +
                          SettingsFrame({{kHeaderTableSize, 0}}));
    SendWithDescriptors(peer, OneCall(), writing.get());
  }
  // One that is not known to speak HTTP/2 yet may be closed after its first piece.
  for (int i = 0; i < kConnections; ++i) {
    const int status = attackers[i].AwaitStatus(1);
    if (i % 2 != 0) {
      EXPECT_EQ(status, 0);
    }
  }
  // Two for each connection, a few for the honest client's, and no others.
  EXPECT_LE(Now().descriptors, before + 2 * kConnections + kKeptDescriptors);
  // With our own closed nobody is left who could write: the pipe is at its end.
  writing.reset();
  char byte = 0;
  EXPECT_EQ(read(reading.get(), &byte, 1), 0);
}

TEST_F(DescriptorsTest, OutOfBandBytes) {
  Serve();
  std::vector<RawPeer> attackers;
  for (int i = 0; i < 50; ++i) {
    attackers.push_back(i % 2 == 0 ? Connect() : Attacker());
    if (send(attackers.back().fd(), "x", 1, MSG_OOB | MSG_NOSIGNAL) != 1 && errno == EOPNOTSUPP) {
      GTEST_SKIP() << "needs a kernel with out-of-band bytes on Unix sockets";
    }
  }
  const Usage before = Now();
  const auto start = std::chrono::steady_clock::now();
  honest().AwaitAnswers(100);
  const absl::Duration wall = absl::FromChrono(std::chrono::steady_clock::now() - start);
  EXPECT_LT(Now().cpu - before.cpu, 1.5 * wall) << "as if every thread were busy";
}

TEST_F(DescriptorsTest, HalfClosedConnections) {
  Serve();
  std::vector<RawPeer> attackers = Attackers(200);
  for (RawPeer& attacker : attackers) {
    ASSERT_TRUE(attacker.Send(Request(1, kEcho) +
                              DataFrame(1, GrpcMessage(DelayedEchoRequest("x", 600)), kEndStream)));
    attacker.HalfClose();
  }
  for (RawPeer& attacker : attackers) EXPECT_TRUE(attacker.AwaitClosed());
  AwaitDescriptorsOfRest();
}

}  // namespace
}  // namespace udsecho::security
