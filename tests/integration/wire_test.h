// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The real server, and peers that send it frames by hand.
//
//   class PingTest : public WireTest {};
//   TEST_F(PingTest, IsAcknowledged) {
//     Serve({"--grace=1s"});
//     RawPeer peer = Connect();
//     peer.Send(PingFrame(7));
//     ...
//     EXPECT_TRUE(IsAlive(&peer, 9));   // the connection is as good as before
//   }
//
// The server must be as good as before at the end, and end cleanly, unless the test has stopped it.

#ifndef TESTS_INTEGRATION_WIRE_TEST_H_
#define TESTS_INTEGRATION_WIRE_TEST_H_

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/integration/server_process.h"
#include "tests/security/http2.h"
#include "tests/security/raw_peer.h"
#include "tests/support/other_user.h"

namespace udsecho::security {

inline constexpr absl::string_view kExpand = "/udsecho.v1.Echo/Expand";
inline constexpr absl::string_view kCollect = "/udsecho.v1.Echo/Collect";
inline constexpr absl::string_view kWhoAmI = "/udsecho.v1.Echo/WhoAmI";

// gRPC's status codes.
inline constexpr int kOk = 0;
inline constexpr int kInvalidArgumentStatus = 3;
inline constexpr int kDeadlineExceededStatus = 4;
inline constexpr int kAbortedStatus = 10;
inline constexpr int kResourceExhaustedStatus = 8;
inline constexpr int kUnimplementedStatus = 12;
inline constexpr int kInternalStatus = 13;
inline constexpr int kUnavailableStatus = 14;

class WireTest : public ::testing::Test {
 protected:
  void Serve(const std::vector<std::string>& flags = {}) {
    server_ = std::make_unique<integration::ServerProcess>(
        integration::ServerProcess::Options{.path = "", .flags = flags, .spawn = {}});
  }

  // Likewise, and all users may connect.
  void ServeAll(std::vector<std::string> flags = {}) {
    flags.emplace_back("--mode=0666");
    Serve(flags);
    const std::string directory = std::filesystem::path(server_->path()).parent_path();
    ASSERT_EQ(chmod(directory.c_str(), 0755), 0);
  }

  // A connection of this process, with these SETTINGS.
  RawPeer Connect(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings = {}) const {
    RawPeer peer = ConnectSilent();
    EXPECT_TRUE(peer.Send(std::string(kPreface) + SettingsFrame(settings)));
    return peer;
  }
  // And one that has sent nothing.
  RawPeer ConnectSilent() const {
    RawPeer peer(support::ConnectAs(geteuid(), server_->path()));
    EXPECT_TRUE(peer.connected());
    return peer;
  }

  // A call that its handler keeps for ten minutes; seen by it once a later call was answered.
  static std::string LongCall(std::uint32_t stream) {
    return Call(stream, kEcho, DelayedEchoRequest("long", 600));
  }

  // Whether a call on that stream is answered.
  static bool IsAlive(RawPeer* peer, std::uint32_t stream) {
    return peer->Send(Call(stream, kEcho, EchoRequest("alive"))) &&
           peer->AwaitStatus(stream) == kOk && peer->reply(stream).messages().size() == 1 &&
           peer->reply(stream).messages()[0] == EchoRequest("alive");
  }

  integration::ServerProcess& server() const { return *server_; }

  // Each gives the server's exit code; then nothing is looked at at the end.
  int Stop() {
    ended_ = true;
    return server_->Stop();
  }
  int AwaitExit() {
    ended_ = true;
    return server_->Wait();
  }

  void TearDown() override {
    if (server_ == nullptr) return;
    if (!ended_) ExpectAsGoodAsBefore();
    if (HasFailure()) std::cout << server_->LogSoFar();
  }

 private:
  void ExpectAsGoodAsBefore() {
    {
      RawPeer peer = Connect();
      EXPECT_TRUE(IsAlive(&peer, 1)) << "the server is not as good as before";
    }
    EXPECT_EQ(server_->Stop(), integration::kClean);
  }

  std::unique_ptr<integration::ServerProcess> server_;
  bool ended_ = false;
};

}  // namespace udsecho::security

#endif  // TESTS_INTEGRATION_WIRE_TEST_H_
