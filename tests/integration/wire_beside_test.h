// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A connection with a call in flight, beside which something goes wrong on another stream.
//
//   class HeadersTest : public BesideTest {};
//   TEST_F(HeadersTest, UpperCase) {
//     Send(FrameOf(kHeaders, kEndHeaders, kStream, ...));
//     EXPECT_EQ(peer().AwaitEnd(kStream).reset, kProtocolError);
//     ExpectOthersUnharmed();
//   }

#ifndef TESTS_INTEGRATION_WIRE_BESIDE_TEST_H_
#define TESTS_INTEGRATION_WIRE_BESIDE_TEST_H_

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/integration/wire_test.h"

namespace udsecho::security {

class BesideTest : public WireTest {
 protected:
  static constexpr std::uint32_t kInFlight = 1;  // the stream of the call in flight
  static constexpr std::uint32_t kStream = 3;    // for what goes wrong; then 5, 7, ...

  void SetUp() override { ServeBeside({}); }

  void ServeBeside(const std::vector<std::string>& flags) {
    Serve(flags);
    peer_.emplace(Connect());
    ASSERT_TRUE(peer().Send(Request(kInFlight, kChat)) && Chatted("before"));
  }

  // The server would wait a second for it to leave.
  void TearDown() override {
    peer_.reset();
    WireTest::TearDown();
  }

  RawPeer& peer() { return *peer_; }
  void Send(const std::string& frames) { ASSERT_TRUE(peer().Send(frames)); }

  // The call in flight goes on and is answered to its end, and so is a new one.
  void ExpectOthersUnharmed() {
    EXPECT_TRUE(Chatted("after"));
    EXPECT_TRUE(peer().Send(DataFrame(kInFlight, "", kEndStream)));
    EXPECT_EQ(peer().AwaitStatus(kInFlight), kOk);
    EXPECT_TRUE(IsAlive(&peer(), 999)) << "the connection has not outlived it";
  }

 private:
  // One message there and back.
  bool Chatted(const std::string& message) {
    const std::string bytes = GrpcMessage(EchoRequest(message));
    const std::size_t expected = peer().reply(kInFlight).data.size() + bytes.size();
    if (!peer().Send(DataFrame(kInFlight, bytes))) return false;
    while (peer().reply(kInFlight).data.size() < expected) {
      if (peer().reply(kInFlight).ended || !peer().Read().has_value()) return false;
    }
    return peer().reply(kInFlight).messages().back() == EchoRequest(message);
  }

  std::optional<RawPeer> peer_;
};

}  // namespace udsecho::security

#endif  // TESTS_INTEGRATION_WIRE_BESIDE_TEST_H_
