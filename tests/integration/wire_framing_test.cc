// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What HTTP/2 leaves to the sender: priorities, CONTINUATION, how DATA is cut, and how many streams
// there are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/integration/wire_beside_test.h"

namespace udsecho::security {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

class FramingTest : public BesideTest {
 protected:
  void ExpectEcho(std::uint32_t stream, const std::string& message) {
    EXPECT_EQ(peer().AwaitStatus(stream), kOk);
    EXPECT_THAT(peer().reply(stream).messages(), ElementsAre(EchoRequest(message)));
  }
};

TEST_F(FramingTest, PrioritiesAreLeftAlone) {
  const std::string priority = std::string("\0\0\0\0\x0f", 5);  // depends on 0, weight 16
  Send(PriorityFrame(kStream, 0));                              // of a stream that is still to come
  Send(FrameOf(kHeaders, kEndHeaders | kPriorityFlag, kStream, priority + CallBlock(kEcho)) +
       PriorityFrame(kStream, kInFlight) +
       DataFrame(kStream, GrpcMessage(EchoRequest("urgent")), kEndStream));
  ExpectEcho(kStream, "urgent");
  Send(PriorityFrame(kStream, 0));  // of a stream that has ended
  ExpectOthersUnharmed();
}

TEST_F(FramingTest, HeadersGoOnInContinuations) {
  const std::string block = CallBlock(kEcho, {{"x-some", "metadata"}});
  for (const auto& [stream, piece] : {std::pair(3U, 1U), std::pair(5U, 7U), std::pair(7U, 100U)}) {
    std::string frames = FrameOf(kHeaders, kNone, stream, block.substr(0, piece));
    for (std::size_t at = piece; at < block.size(); at += piece) {
      frames += FrameOf(kContinuation, at + piece >= block.size() ? kEndHeaders : kNone, stream,
                        block.substr(at, piece));
    }
    Send(frames + DataFrame(stream, GrpcMessage(EchoRequest("continued")), kEndStream));
    ExpectEcho(stream, "continued");
  }
  ExpectOthersUnharmed();
}

TEST_F(FramingTest, OneMessageInFramesOfOneByte) {
  const std::string text(200, 'x');
  std::string frames = Request(kStream, kEcho);
  for (const char byte : GrpcMessage(EchoRequest(text))) {
    frames += DataFrame(kStream, std::string(1, byte));
  }
  Send(frames + DataFrame(kStream, "", kEndStream));
  ExpectEcho(kStream, text);
  ExpectOthersUnharmed();
}

TEST_F(FramingTest, ManyMessagesInOneFrame) {
  std::string bytes;
  std::vector<std::string> messages;
  for (int i = 0; i < 500; ++i) {
    messages.push_back(EchoRequest(absl::StrCat("message ", i)));
    bytes += GrpcMessage(messages.back());
  }
  ASSERT_LT(bytes.size(), 16'384U);
  Send(Request(kStream, kChat) + DataFrame(kStream, bytes, kEndStream));
  EXPECT_EQ(peer().AwaitStatus(kStream), kOk);
  EXPECT_THAT(peer().reply(kStream).messages(), ElementsAreArray(messages));
  ExpectOthersUnharmed();
}

TEST_F(FramingTest, EmptyMessagesAndEmptyFrames) {
  Send(Request(kStream, kChat) + DataFrame(kStream, "") + DataFrame(kStream, GrpcMessage("")) +
       DataFrame(kStream, "") + DataFrame(kStream, GrpcMessage("") + GrpcMessage("")) +
       DataFrame(kStream, "", kEndStream));
  EXPECT_EQ(peer().AwaitStatus(kStream), kOk);
  EXPECT_THAT(peer().reply(kStream).messages(), ElementsAre("", "", ""));
  ExpectOthersUnharmed();
}

// RFC 9113, 5.5: what is unknown is ignored.
TEST_F(FramingTest, UnknownFramesAndSettingsAreIgnored) {
  Send(FrameOf(0x77, 0xff, 0, "of the connection") + SettingsFrame({{0x7777, 1}}) +
       Request(kStream, kEcho) + FrameOf(0x77, 0xff, kStream, "of the stream") +
       DataFrame(kStream, GrpcMessage(EchoRequest("known")), kEndStream));
  ExpectEcho(kStream, "known");
  ExpectOthersUnharmed();
}

TEST_F(FramingTest, ContentLengthThatIsRightIsTaken) {
  const std::size_t length = GrpcMessage(EchoRequest("x")).size();
  Send(Call(kStream, kEcho, EchoRequest("x"), {{"content-length", absl::StrCat(length)}}));
  ExpectEcho(kStream, "x");
  ExpectOthersUnharmed();
}

// One over what SETTINGS announced: refused, in a way that says that it may be tried again, and the
// others go on.
class TooManyStreamsTest : public BesideTest {
 protected:
  void SetUp() override { ServeBeside({"--max_calls_per_uid=2"}); }
};

TEST_F(TooManyStreamsTest, AreRefusedAndOthersAnswered) {
  Send(Request(kStream, kChat) + Request(kStream + 2, kChat));
  const Reply& refused = peer().AwaitEnd(kStream + 2);
  if (refused.reset.has_value() && refused.blocks.empty()) {
    EXPECT_EQ(refused.reset, kRefusedStream);
  } else {
    EXPECT_EQ(refused.status(), kResourceExhaustedStatus);
  }
  Send(DataFrame(kStream, GrpcMessage(EchoRequest("within")), kEndStream));
  EXPECT_EQ(peer().AwaitStatus(kStream), kOk);
  EXPECT_THAT(peer().reply(kStream).messages(), ElementsAre(EchoRequest("within")));
  ExpectOthersUnharmed();
}

}  // namespace
}  // namespace udsecho::security
