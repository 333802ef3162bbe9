// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who calls, by the kernel's word: tests 11, 12 and 14 of docs/security.md. Test 13 is
// tests/rpc/identity_storm_test.cc, so that the sanitizers run it.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/integration/programs.h"
#include "tests/security/attack_test.h"
#include "tests/support/child_process.h"
#include "tests/support/patience.h"

namespace udsecho::security {
namespace {

constexpr absl::string_view kWhoAmI = "/udsecho.v1.Echo/WhoAmI";

// Field `number` of an encoded message, a varint; 0 if it has none. All fields of WhoAmIResponse
// before the first that is none of these are.
std::uint64_t VarintField(absl::string_view message, int number) {
  const auto take = [&message] {
    std::uint64_t value = 0;
    for (int shift = 0; !message.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(message.front());
      message.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  };
  while (!message.empty()) {
    const std::uint64_t tag = take();
    if (tag % 8 == 2) {  // a length and so many bytes
      message.remove_prefix(std::min<std::uint64_t>(take(), message.size()));
      continue;
    }
    const std::uint64_t value = take();
    if (tag / 8 == static_cast<std::uint64_t>(number)) return value;
  }
  return 0;
}

struct Identity {
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t pid = 0;
};

// What the server calls this peer, on a stream of its own.
Identity AskWhoAmI(RawPeer* peer, std::uint32_t stream) {
  peer->Send(Request(stream, kWhoAmI) + DataFrame(stream, GrpcMessage(""), kEndStream));
  EXPECT_EQ(peer->AwaitStatus(stream), 0);
  const std::string data = peer->DataOf(stream);
  const std::string message = data.substr(std::min<std::size_t>(data.size(), GrpcPrefix(0).size()));
  return {.uid = VarintField(message, 1),
          .gid = VarintField(message, 2),
          .pid = VarintField(message, 4)};
}

class IdentityTest : public AttackTest {};

// Processes of their own here, as users are.
TEST_F(IdentityTest, T11TwoUidsAtOnceEachSeeTheirOwn) {
  constexpr int kCalls = 200;
  Serve();
  const auto ask = [this](uid_t uid) {
    return [this, uid](support::Doorbell& parent) {
      EXPECT_TRUE(support::BecomeUser(uid));
      RawPeer peer(support::ConnectAs(uid, path()));
      peer.Greet();
      parent.Ring();
      parent.Wait();  // for the others
      for (int i = 0; i < kCalls; ++i) {
        const Identity identity = AskWhoAmI(&peer, 2 * i + 1);
        EXPECT_EQ(identity.uid, uid);
        EXPECT_EQ(identity.gid, uid);
        EXPECT_EQ(identity.pid, static_cast<std::uint64_t>(getpid()));
      }
      return 0;
    };
  };
  support::ChildProcess one(ask(kAttacker));
  support::ChildProcess other(ask(kSecondAttacker));
  EXPECT_TRUE(one.bell().Wait());
  EXPECT_TRUE(other.bell().Wait());
  one.bell().Ring();
  other.bell().Ring();
  EXPECT_EQ(one.Wait(), 0);
  EXPECT_EQ(other.Wait(), 0);
}

TEST_F(IdentityTest, T12NameThatAClientBindsGainsNothing) {
  Serve();
  const support::TempDir dir;
  ASSERT_EQ(chmod(dir.path().c_str(), 0777), 0);
  // Of the forms that gRPC itself gives to peers, the server's own path, and another's.
  for (const std::string& name :
       {dir.Path("fd:3"), dir.Path("uid=0"), absl::StrCat("unix-abstract:fd:3.", path()),
        absl::StrCat("unix-abstract:unix:", path()), absl::StrCat("unix-abstract:0.", path())}) {
    RawPeer peer(support::ConnectBoundAs(kAttacker, path(), name));
    ASSERT_TRUE(peer.connected()) << name << ": " << std::strerror(errno);
    ASSERT_TRUE(peer.Greet());
    EXPECT_EQ(AskWhoAmI(&peer, 1).uid, kAttacker) << name;
  }
}

TEST_F(IdentityTest, T12HeadersThatClaimAnotherGainNothing) {
  Serve();
  RawPeer peer = Attacker();
  ASSERT_TRUE(peer.Send(
      Request(1, kWhoAmI, {{"uid", "0"}, {"x-forwarded-for", "unix:"}, {"peer", "fd:3"}}) +
      DataFrame(1, GrpcMessage(""), kEndStream)));
  ASSERT_EQ(peer.AwaitStatus(1), 0);
  EXPECT_EQ(VarintField(peer.DataOf(1).substr(GrpcPrefix(0).size()), 1), kAttacker);
}

// Whoever calls on a connection that another made is, to the kernel, the one who made it.
TEST_F(IdentityTest, ConnectionThatWasHandedOnIsItsMakers) {
  Serve();
  RawPeer peer = Attacker();
  EXPECT_EQ(AskWhoAmI(&peer, 1).uid, kAttacker);  // this thread is not
}

TEST(CredentialsTest, T14ConnectionWithoutCredentialsIsClosedAndOthersLive) {
  std::vector<std::string> command = integration::ServerCommand({});
  command.insert(command.begin(),
                 std::filesystem::absolute(std::getenv("REFUSE_CREDENTIALS")).string());
  const support::TempDir dir;
  command.insert(command.end(), {dir.Path("s"), "--log_format=json"});
  support::SpawnedProcess server(command);
  if (!server.err().HasLine(0)) GTEST_SKIP() << "needs a kernel with filters of system calls";
  if (server.err().Line(0).starts_with("prctl")) GTEST_SKIP() << server.err().Line(0);

  // The first ones are served, and from some number on none is: until a lower one is free again.
  const auto call = [](RawPeer* peer, std::uint32_t stream) {
    peer->Send(Request(stream, kEcho) +
               DataFrame(stream, GrpcMessage(EchoRequest("x")), kEndStream));
    return peer->AwaitStatus(stream);
  };
  std::vector<RawPeer> served;
  int refused = 0;
  while (refused < 5 && served.size() < 100) {
    RawPeer peer(support::ConnectAs(geteuid(), dir.Path("s")));
    ASSERT_TRUE(peer.connected());
    peer.Greet();
    if (call(&peer, 1) == 0) {
      served.push_back(std::move(peer));
    } else {
      EXPECT_TRUE(peer.AwaitClosed());
      ++refused;
    }
  }
  EXPECT_EQ(refused, 5);
  ASSERT_FALSE(served.empty());
  for (RawPeer& peer : served) EXPECT_EQ(call(&peer, 3), 0);
  served.clear();
  bool again = false;
  for (const support::Deadline deadline; !again && !deadline.IsOver();) {
    RawPeer peer(support::ConnectAs(geteuid(), dir.Path("s")));
    peer.Greet();
    again = call(&peer, 1) == 0;
  }
  EXPECT_TRUE(again);
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), integration::kClean);
}

}  // namespace
}  // namespace udsecho::security
