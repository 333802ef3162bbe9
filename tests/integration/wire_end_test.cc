// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How streams end: by the client, which may have sent nothing, and by the server, which may have
// heard too little.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "absl/strings/str_cat.h"
#include "tests/integration/wire_test.h"

namespace udsecho::security {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;

// An EchoRequest with a fault of code ABORTED (fields 4 and 1 of echo.proto).
std::string Faulty() { return EchoRequest("x") + std::string("\x22\x02\x08\x0a"); }

struct Early {
  std::string name;
  std::string frames;  // on stream 1, which they leave open
  int status;
};

void PrintTo(const Early& early, std::ostream* out) { *out << early.name; }

class EarlyStatusTest : public WireTest, public ::testing::WithParamInterface<Early> {};

INSTANTIATE_TEST_SUITE_P(
    Streams, EarlyStatusTest,
    ::testing::Values(
        Early{"Chat", Request(1, kChat) + DataFrame(1, GrpcMessage(Faulty())), kAbortedStatus},
        Early{"Collect", Request(1, kCollect) + DataFrame(1, GrpcMessage(Faulty())),
              kAbortedStatus},
        Early{"NoSuchMethod", Request(1, "/no.such/Method"), kUnimplementedStatus},
        Early{"NoSuchMethodOfEcho", Request(1, "/udsecho.v1.Echo/None"), kUnimplementedStatus}),
    [](const auto& info) { return info.param.name; });

// RFC 9113, 8.1: a server that needs no more of the request says so with RST_STREAM of NO_ERROR,
// after its whole answer.
TEST_P(EarlyStatusTest, IsFollowedByAResetWithoutAnError) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(GetParam().frames));
  EXPECT_EQ(peer.AwaitStatus(1), GetParam().status);
  EXPECT_TRUE(peer.reply(1).ended);
  while (!peer.reply(1).reset.has_value() && peer.Read().has_value()) {
  }
  EXPECT_EQ(peer.reply(1).reset, kNoError);
  EXPECT_EQ(peer.reply(1).frames_after_the_end, 0);
  // What was on its way meanwhile is ignored.
  ASSERT_TRUE(peer.Send(DataFrame(1, "more", kEndStream)));
  EXPECT_TRUE(IsAlive(&peer, 3));
}

using LateStatusTest = WireTest;

// After the client's end the server's is an end, and no reset.
TEST_F(LateStatusTest, IsFollowedByNothing) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(Call(1, kEcho, EchoRequest("x")) + Call(3, kEcho, Faulty()) +
                        Call(5, "/no.such/Method", "")));
  EXPECT_EQ(peer.AwaitStatus(1), kOk);
  EXPECT_EQ(peer.AwaitStatus(3), kAbortedStatus);
  EXPECT_EQ(peer.AwaitStatus(5), kUnimplementedStatus);
  EXPECT_TRUE(IsAlive(&peer, 7));
  for (const std::uint32_t stream : {1, 3, 5}) {
    EXPECT_TRUE(peer.reply(stream).ended);
    EXPECT_EQ(peer.reply(stream).reset, std::nullopt) << stream;
    EXPECT_EQ(peer.reply(stream).frames_after_the_end, 0) << stream;
  }
}

// An answer is headers, data and trailers; one without data is trailers alone.
TEST_F(LateStatusTest, ComesInTheBlocksOfGrpc) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(Call(1, kEcho, EchoRequest("x")) + Call(3, "/no.such/Method", "")));
  const Reply& answer = peer.AwaitEnd(1);
  ASSERT_EQ(answer.blocks.size(), 2U);
  EXPECT_THAT(answer.blocks[0], ::testing::Contains(std::pair(":status", "200")));
  EXPECT_THAT(answer.blocks[0], ::testing::Contains(std::pair("content-type", "application/grpc")));
  EXPECT_THAT(answer.blocks[1], ::testing::Contains(std::pair("grpc-status", "0")));
  EXPECT_THAT(answer.messages(), ElementsAre(EchoRequest("x")));
  const Reply& refusal = peer.AwaitEnd(3);
  EXPECT_EQ(refusal.Value(":status"), "200");
  EXPECT_EQ(refusal.Value("content-type"), "application/grpc");
  EXPECT_EQ(refusal.data, "");
}

class NoMessageTest : public WireTest {
 protected:
  // The status of a call that half-closes without a message, by a frame of its own or at once.
  int Status(absl::string_view method, bool at_once) {
    RawPeer peer = Connect();
    const std::string frames =
        at_once ? FrameOf(kHeaders, kEndHeaders | kEndStream, 1, CallBlock(method))
                : Request(1, method) + DataFrame(1, "", kEndStream);
    EXPECT_TRUE(peer.Send(frames));
    const int status = peer.AwaitStatus(1);
    messages_ = peer.reply(1).messages();
    EXPECT_TRUE(IsAlive(&peer, 3));
    return status;
  }

  std::vector<std::string> messages_;
};

TEST_F(NoMessageTest, IsAnErrorWhereOneIsDue) {
  Serve();
  for (const bool at_once : {true, false}) {
    for (const absl::string_view method : {kEcho, kExpand, kWhoAmI, kWatch}) {
      // Which of them is for the engine to say; that the client is to be fixed, both do.
      EXPECT_THAT(Status(method, at_once), AnyOf(kUnimplementedStatus, kInternalStatus)) << method;
      EXPECT_THAT(messages_, ElementsAre());
    }
  }
}

TEST_F(NoMessageTest, IsAnEmptyStream) {
  Serve();
  for (const bool at_once : {true, false}) {
    EXPECT_EQ(Status(kChat, at_once), kOk);
    EXPECT_THAT(messages_, ElementsAre());
    EXPECT_EQ(Status(kCollect, at_once), kOk);
    EXPECT_THAT(messages_, ElementsAre(""));
  }
}

}  // namespace
}  // namespace udsecho::security
