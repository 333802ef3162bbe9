// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Padding, and a content-length that is wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/integration/wire_beside_test.h"

namespace udsecho::security {
namespace {

using ::testing::ElementsAre;

class PaddingTest : public BesideTest {
 protected:
  // `payload` between a length and so much padding.
  static std::string Padded(const std::string& payload, std::size_t padding) {
    return std::string(1, static_cast<char>(padding)) + payload + std::string(padding, '\0');
  }

  void ExpectEcho(std::uint32_t stream, const std::string& message) {
    EXPECT_EQ(peer().AwaitStatus(stream), kOk);
    EXPECT_THAT(peer().reply(stream).messages(), ElementsAre(EchoRequest(message)));
  }
};

TEST_F(PaddingTest, PaddingIsTakenOff) {
  std::uint32_t stream = kStream;
  for (const std::size_t padding : {0, 1, 100, 255}) {
    Send(FrameOf(kHeaders, kEndHeaders | kPadded, stream, Padded(CallBlock(kEcho), padding)) +
         FrameOf(kData, kEndStream | kPadded, stream,
                 Padded(GrpcMessage(EchoRequest("padded")), padding)));
    ExpectEcho(stream, "padded");
    stream += 2;
  }
  ExpectOthersUnharmed();
}

// More padding than a window has room for, in all: it comes back as it is read.
TEST_F(PaddingTest, PaddingIsGivenBackToTheWindow) {
  Send(Request(kStream, kChat));
  const std::string message = GrpcMessage(EchoRequest("x"));
  for (int i = 0; i < 1000; ++i) {
    Send(FrameOf(kData, kPadded, kStream, Padded(message, 255)));
    const std::size_t expected = (i + 1) * message.size();
    while (peer().reply(kStream).data.size() < expected) {
      ASSERT_TRUE(peer().Read(/*polite=*/true).has_value()) << "after " << i;
    }
  }
  Send(DataFrame(kStream, "", kEndStream));
  EXPECT_EQ(peer().AwaitStatus(kStream), kOk);
  ExpectOthersUnharmed();
}

TEST_F(PaddingTest, BesideAPriority) {
  const std::string priority = std::string("\0\0\0\0\x0f", 5);  // depends on 0, weight 16
  Send(FrameOf(kHeaders, kEndHeaders | kPriorityFlag | kPadded, kStream,
               Padded(priority + CallBlock(kEcho), 7)) +
       DataFrame(kStream, GrpcMessage(EchoRequest("both")), kEndStream));
  ExpectEcho(kStream, "both");
  ExpectOthersUnharmed();
}

using ContentLengthTest = BesideTest;

// RFC 9113, 8.1.1: malformed.
TEST_F(ContentLengthTest, ThatIsWrongResetsTheStream) {
  const std::size_t right = GrpcMessage(EchoRequest("x")).size();
  std::uint32_t stream = kStream;
  for (const std::size_t length : {std::size_t{0}, right - 1, right + 1, right + 1'000'000}) {
    Send(Call(stream, kEcho, EchoRequest("x"), {{"content-length", absl::StrCat(length)}}));
    EXPECT_EQ(peer().AwaitEnd(stream).reset, kProtocolError) << length;
    stream += 2;
  }
  ExpectOthersUnharmed();
}

}  // namespace
}  // namespace udsecho::security
