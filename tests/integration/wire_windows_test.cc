// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Windows of a few bytes: no message is lost, and none overtakes another.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "tests/integration/wire_test.h"

namespace udsecho::security {
namespace {

using ::testing::ElementsAreArray;

constexpr std::uint32_t kWindow = 3;  // less than a message's prefix

class WindowsTest : public WireTest {
 protected:
  // Opens the windows of streams in turns, by a few bytes at a time, until all have ended. Fails
  // when the server sends more than it may.
  static void ReadBit(RawPeer* peer, const std::vector<std::uint32_t>& streams) {
    std::map<std::uint32_t, std::size_t> may;
    for (const std::uint32_t stream : streams) may[stream] = kWindow;
    const auto all_ended = [&] {
      return std::all_of(streams.begin(), streams.end(),
                         [&](std::uint32_t stream) { return peer->reply(stream).ended; });
    };
    std::uint32_t more = 0;
    while (!all_ended()) {
      const std::optional<ReadFrame> frame = peer->Read();
      ASSERT_TRUE(frame.has_value()) << "it ended before all had come";
      if (frame->type != kData || frame->payload.empty()) continue;
      ASSERT_LE(frame->payload.size(), may[frame->stream]);
      may[frame->stream] -= frame->payload.size();
      if (may[frame->stream] > 0) continue;  // it does what it can with what it has
      more = more % 7 + 1;
      may[frame->stream] += more;
      ASSERT_TRUE(peer->Send(WindowUpdateFrame(frame->stream, more)));
    }
  }

  static std::vector<std::string> Numbered(const std::string& name, int count) {
    std::vector<std::string> messages;
    for (int i = 0; i < count; ++i) {
      messages.push_back(EchoRequest(absl::StrCat(name, " ", i, std::string(i % 5, '.'))));
    }
    return messages;
  }

  static std::string Framed(const std::vector<std::string>& messages) {
    std::string bytes;
    for (const std::string& message : messages) bytes += GrpcMessage(message);
    return bytes;
  }
};

TEST_F(WindowsTest, TwoChats) {
  Serve();
  RawPeer peer = Connect({{kInitialWindowSize, kWindow}});
  const std::vector<std::string> one = Numbered("one", 200);
  const std::vector<std::string> two = Numbered("two", 200);
  std::string frames = Request(1, kChat) + Request(3, kChat);
  for (std::size_t i = 0; i < one.size(); ++i) {
    frames += DataFrame(1, GrpcMessage(one[i])) + DataFrame(3, GrpcMessage(two[i]));
  }
  ASSERT_TRUE(peer.Send(frames + DataFrame(1, "", kEndStream) + DataFrame(3, "", kEndStream)));
  ReadBit(&peer, {1, 3});
  EXPECT_THAT(peer.reply(1).messages(), ElementsAreArray(one));
  EXPECT_THAT(peer.reply(3).messages(), ElementsAreArray(two));
  EXPECT_EQ(peer.reply(1).status(), kOk);
  EXPECT_EQ(peer.reply(3).status(), kOk);
}

// Each word is a response: so they can be told apart.
TEST_F(WindowsTest, TwoExpands) {
  Serve();
  RawPeer peer = Connect({{kInitialWindowSize, kWindow}});
  std::vector<std::string> expected;
  std::string text;
  for (int i = 0; i < 200; ++i) {
    const std::string word = absl::StrCat("word", i);
    absl::StrAppend(&text, word, " ");
    expected.push_back(EchoRequest(word));
  }
  ASSERT_TRUE(peer.Send(Call(1, kExpand, EchoRequest(text)) + Call(3, kExpand, EchoRequest(text))));
  ReadBit(&peer, {1, 3});
  for (const std::uint32_t stream : {1, 3}) {
    EXPECT_THAT(peer.reply(stream).messages(), ElementsAreArray(expected));
    EXPECT_EQ(peer.reply(stream).status(), kOk);
  }
}

// Their requests in pieces of a few bytes, and their answers too.
TEST_F(WindowsTest, TwoCollectsAndAnEcho) {
  Serve();
  RawPeer peer = Connect({{kInitialWindowSize, kWindow}});
  const std::string one = Framed(Numbered("one", 50));
  const std::string two = Framed(Numbered("two", 50));
  std::string frames = Request(1, kCollect) + Request(3, kCollect);
  for (std::size_t at = 0; at < std::max(one.size(), two.size()); at += 3) {
    if (at < one.size()) frames += DataFrame(1, one.substr(at, 3));
    if (at < two.size()) frames += DataFrame(3, two.substr(at, 3));
  }
  frames += DataFrame(1, "", kEndStream) + DataFrame(3, "", kEndStream);
  ASSERT_TRUE(peer.Send(frames + Call(5, kEcho, EchoRequest("between them"))));
  ReadBit(&peer, {1, 3, 5});
  EXPECT_THAT(peer.reply(5).messages(), ::testing::ElementsAre(EchoRequest("between them")));
  // CollectResponse: message, and count (field 3).
  for (const auto& [stream, name] : {std::pair(1, "one"), std::pair(3, "two")}) {
    std::string joined;
    for (int i = 0; i < 50; ++i) absl::StrAppend(&joined, name, " ", i, std::string(i % 5, '.'));
    ASSERT_EQ(peer.reply(stream).messages().size(), 1U);
    EXPECT_THAT(peer.reply(stream).messages()[0],
                ::testing::StartsWith(EchoRequest(joined) + "\x18\x32"));
    EXPECT_EQ(peer.reply(stream).status(), kOk);
  }
}

// A closed window holds up its own stream alone, and the connection's holds up all of them.
TEST_F(WindowsTest, ClosedOneHoldsUpItsOwnStreamAlone) {
  Serve();
  RawPeer peer = Connect({{kInitialWindowSize, 0}});
  ASSERT_TRUE(peer.Send(Call(1, kEcho, EchoRequest("held")) + Call(3, kEcho, EchoRequest("free")) +
                        WindowUpdateFrame(3, 1000)));
  EXPECT_EQ(peer.AwaitStatus(3), kOk);
  EXPECT_EQ(peer.reply(1).data, "");
  EXPECT_FALSE(peer.reply(1).ended);
  ASSERT_TRUE(
      peer.Send(SettingsFrame({{kInitialWindowSize, 1000}})));  // opens those of all streams
  EXPECT_EQ(peer.AwaitStatus(1), kOk);
  EXPECT_THAT(peer.reply(1).messages(), ::testing::ElementsAre(EchoRequest("held")));
}

// More than the connection's first window of 65,535 bytes, which only WINDOW_UPDATE opens.
TEST_F(WindowsTest, OfTheConnectionIsKept) {
  Serve();
  RawPeer peer = Connect({{kInitialWindowSize, 1 << 20}});
  const std::string request = EchoRequest(std::string(50'000, 'x'));
  std::string frames;
  for (const std::uint32_t stream : {1, 3}) {
    frames += Request(stream, kEcho);
    const std::string bytes = GrpcMessage(request);
    for (std::size_t at = 0; at < bytes.size(); at += 16'000) {
      frames += DataFrame(stream, bytes.substr(at, 16'000),
                          at + 16'000 >= bytes.size() ? kEndStream : kNone);
    }
  }
  ASSERT_TRUE(peer.Send(frames));
  constexpr std::size_t kFirst = 65'535;
  std::size_t received = 0;
  const auto received_by_now = [&] {
    return peer.reply(1).data.size() + peer.reply(3).data.size();
  };
  while (received < kFirst) {
    ASSERT_TRUE(peer.Read().has_value());
    received = received_by_now();
  }
  ASSERT_TRUE(peer.Send(PingFrame(1)));
  ASSERT_TRUE(peer.Await(kPing, /*ack=*/true).has_value());
  EXPECT_EQ(received_by_now(), kFirst);
  ASSERT_TRUE(peer.Send(WindowUpdateFrame(0, 1 << 20)));
  for (const std::uint32_t stream : {1, 3}) {
    EXPECT_EQ(peer.AwaitStatus(stream), kOk);
    EXPECT_THAT(peer.reply(stream).messages(), ::testing::ElementsAre(request));
  }
}

}  // namespace
}  // namespace udsecho::security
