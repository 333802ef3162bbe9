// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What makes a server keep bytes: tests 20 and 21 of docs/security.md, and their like. That memory
// stays under --max_memory and 16 MiB is looked at by AttackTest.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/security/attack_test.h"

namespace udsecho::security {
namespace {

constexpr absl::string_view kReflection =
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
// Its request file_containing_symbol, for "udsecho.v1.Echo".
constexpr absl::string_view kQuestion = "\x22\x0fudsecho.v1.Echo";
constexpr std::size_t kFrameSize = 16'000;  // below HTTP/2's first limit

// `bytes` as DATA frames of the stream.
std::string DataOf(std::uint32_t stream, absl::string_view bytes, std::uint8_t last = kNone) {
  std::string frames;
  while (bytes.size() > kFrameSize) {
    frames += DataFrame(stream, bytes.substr(0, kFrameSize));
    bytes.remove_prefix(kFrameSize);
  }
  return frames + DataFrame(stream, bytes, last);
}

// All the window that HTTP/2 has, for the connection and one stream.
std::string Windows(std::uint32_t stream) {
  constexpr std::uint32_t kAll = 0x7fff0000;
  return WindowUpdateFrame(0, kAll) + WindowUpdateFrame(stream, kAll);
}

class MemoryTest : public AttackTest {
 protected:
  // On so many connections, so many streams of `one` each.
  void Attack(int connections, int streams,
              const std::function<std::string(std::uint32_t stream)>& one) {
    Serve();
    std::string frames;
    for (int i = 0; i < streams; ++i) frames += one(2 * i + 1);
    std::vector<RawPeer> attackers = Attackers(connections);
    SendAll(&attackers, frames);
    honest().AwaitAnswers(20);
  }
};

TEST_F(MemoryTest, T20LengthPrefixOfTwoGiB) {
  Attack(20, 10, [](std::uint32_t stream) {
    return Request(stream, kEcho) +
           DataOf(stream, GrpcPrefix(0x7fffffff) + std::string(300'000, 'x'));
  });
}

TEST_F(MemoryTest, T20LengthPrefixOfFourGiBOnStreams) {
  Attack(20, 10, [](std::uint32_t stream) {
    return Request(stream, kChat) +
           DataOf(stream, GrpcPrefix(0xffffffff) + std::string(300'000, 'x'));
  });
}

TEST_F(MemoryTest, AlmostWholeMessagesOnManyStreams) {
  constexpr std::uint32_t kLength = 4 << 20;
  Attack(50, 50, [](std::uint32_t stream) {
    return Request(stream, kEcho) + DataOf(stream, GrpcPrefix(kLength) + std::string(60'000, 'x'));
  });
}

TEST_F(MemoryTest, AlmostWholeMessagesOnManyConnections) {
  constexpr std::uint32_t kLength = 4 << 20;
  Attack(100, 1, [](std::uint32_t stream) {
    return Request(stream, kEcho) +
           DataOf(stream, GrpcPrefix(kLength) + std::string(kLength - 1, 'x'));
  });
}

TEST_F(MemoryTest, MessagesThatWaitForTheirDelay) {
  Attack(50, 50, [](std::uint32_t stream) {
    return Request(stream, kEcho) +
           DataOf(stream, GrpcMessage(DelayedEchoRequest(std::string(60'000, 'x'), 600)),
                  kEndStream);
  });
}

TEST_F(MemoryTest, ByteByByteOverManyStreams) {
  Serve();
  constexpr int kStreams = 200;
  const std::string message = GrpcMessage(EchoRequest(std::string(50, 'x')));
  std::string frames;
  for (int i = 0; i < kStreams; ++i) frames += Request(2 * i + 1, kEcho);
  for (std::size_t at = 0; at + 1 < message.size(); ++at) {
    for (int i = 0; i < kStreams; ++i) frames += DataFrame(2 * i + 1, message.substr(at, 1));
  }
  std::vector<RawPeer> attackers = Attackers(20);
  SendAll(&attackers, frames);
  // They were no messages until now, and are none of the worse for it.
  RawPeer patient = Attacker(kSecondAttacker);
  ASSERT_TRUE(patient.Send(frames));
  for (int i = 0; i < kStreams; ++i) {
    ASSERT_TRUE(patient.Send(DataFrame(2 * i + 1, message.substr(message.size() - 1), kEndStream)));
    EXPECT_EQ(patient.AwaitStatus(2 * i + 1, /*polite=*/true), 0);
  }
}

TEST_F(MemoryTest, ZeroWindowOnManyStreams) {
  Serve();
  std::vector<RawPeer> attackers;
  for (int i = 0; i < 10; ++i) {
    attackers.push_back(Connect());
    attackers.back().Send(std::string(kPreface) + SettingsFrame({{kInitialWindowSize, 0}}));
  }
  std::string frames;
  for (std::uint32_t stream = 1; stream < 2 * 1000; stream += 2) {
    frames += Request(stream, kEcho) +
              DataOf(stream, GrpcMessage(EchoRequest(std::string(20'000, 'x'))), kEndStream);
  }
  SendAll(&attackers, frames);
  honest().AwaitAnswers(20);
}

// More than the window that the server gave: who never reads does not know.
TEST_F(MemoryTest, T21FloodThatNeverReads) {
  Serve();
  const std::string messages =
      Times(200, DataFrame(1, GrpcMessage(EchoRequest(std::string(15'000, 'x')))));
  std::vector<RawPeer> attackers = Attackers(20);
  for (RawPeer& attacker : attackers) ASSERT_TRUE(attacker.Send(Request(1, kChat)));
  SendAll(&attackers, Windows(1) + messages);
  for (RawPeer& attacker : attackers) ASSERT_TRUE(attacker.AwaitHungUp());
}

// Within that window: short questions, long answers.
TEST_F(MemoryTest, T21AnswersThatAreNeverRead) {
  Serve();
  std::vector<RawPeer> attackers = Attackers(20);
  for (RawPeer& attacker : attackers) {
    ASSERT_TRUE(attacker.Send(Request(1, kReflection) + Windows(1) +
                              Times(1000, DataFrame(1, GrpcMessage(kQuestion)))));
  }
  for (RawPeer& attacker : attackers) ASSERT_TRUE(attacker.AwaitHungUp());
}

// Without a window for the answers nothing is unread in the socket: they wait in the server.
TEST_F(MemoryTest, T21FloodThatNeverReadsNorGivesAWindow) {
  Attack(50, 20, [](std::uint32_t stream) {
    return Request(stream, kChat) +
           Times(10, DataOf(stream, GrpcMessage(EchoRequest(std::string(15'000, 'x')))));
  });
}

// It paces itself and reads its answers, so that little is ever in its socket: what it takes is in
// gRPC alone.
TEST_F(MemoryTest, PingsWhoseAnswersAreRead) {
  Serve();
  const std::string pings = Times(200, PingFrame(1));
  RawPeer attacker = Attacker();
  std::array<char, 64 * 1024> answers;
  for (int i = 0; i < 2000; ++i) {
    attacker.Push(pings);
    while (recv(attacker.fd(), answers.data(), answers.size(), MSG_DONTWAIT) > 0) {
    }
    if (attacker.IsClosed()) attacker = Attacker();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  honest().AwaitAnswers(20);
}

TEST_F(MemoryTest, MetadataBelowTheLimitOnManyStreams) {
  const Headers metadata(7, {"x-metadata", std::string(1000, 'x')});
  Attack(50, 100, [&](std::uint32_t stream) { return Request(stream, kChat, metadata); });
}

TEST_F(MemoryTest, MetadataOverTheLimit) {
  const std::string block = CallBlock(kChat, Headers(300, {"x-metadata", std::string(1000, 'x')}));
  Attack(50, 10, [&](std::uint32_t stream) {
    std::string frames = FrameOf(kHeaders, kNone, stream, block.substr(0, kFrameSize));
    for (std::size_t at = kFrameSize; at < block.size(); at += kFrameSize) {
      const bool last = at + kFrameSize >= block.size();
      frames +=
          FrameOf(kContinuation, last ? kEndHeaders : kNone, stream, block.substr(at, kFrameSize));
    }
    return frames;
  });
}

TEST_F(MemoryTest, ContinuationsThatNeverEnd) {
  const std::string headers = CallBlock("", {{"a", "b"}});
  const std::string many = Times(static_cast<int>(kFrameSize / headers.size()), headers);
  Attack(50, 1, [&](std::uint32_t stream) {
    return FrameOf(kHeaders, kNone, stream, CallBlock(kChat)) +
           Times(100, FrameOf(kContinuation, kNone, stream, many));
  });
}

TEST_F(MemoryTest, OneHeaderThatNeverEnds) {
  // A literal of 2^28 bytes, of which not all come.
  const std::string start = CallBlock(kChat) + std::string("\x00\x01x\x7f\x81\xff\xff\x7f", 8);
  Attack(50, 1, [&](std::uint32_t stream) {
    return FrameOf(kHeaders, kNone, stream, start) +
           Times(300, FrameOf(kContinuation, kNone, stream, std::string(kFrameSize, 'x')));
  });
}

// And on one connection only. A stack that copies all that it has of such a header for every piece
// that comes is busy for seconds (CVE-2023-33953 of gRPC).
TEST_F(MemoryTest, OneHeaderThatNeverEndsOnOneConnection) {
  Serve();
  RawPeer attacker = Attacker();
  const std::string start = CallBlock(kChat) + std::string("\x00\x01x\x7f\x81\xff\xff\x7f", 8);
  const std::string more = Times(100, FrameOf(kContinuation, kNone, 1, std::string(100, 'x')));
  attacker.Send(FrameOf(kHeaders, kNone, 1, start));
  While(
      [&] {
        attacker.Push(more);
        if (!attacker.IsClosed()) return;
        attacker = Attacker();
        attacker.Send(FrameOf(kHeaders, kNone, 1, start));
      },
      500);
}

// A header block a byte at a time, on connections that do nothing else.
TEST_F(MemoryTest, SlowHeaders) {
  Serve();
  std::vector<RawPeer> attackers = Attackers(100);
  const std::string block = CallBlock(kEcho);
  for (RawPeer& attacker : attackers)
    attacker.Send(FrameOf(kHeaders, kNone, 1, block.substr(0, 1)));
  for (std::size_t at = 1; at < block.size(); ++at) {
    for (RawPeer& attacker : attackers) {
      attacker.SendWhatFits(FrameOf(kContinuation, kNone, 1, block.substr(at, 1)));
    }
  }
  honest().AwaitAnswers(20);
}

TEST_F(MemoryTest, HeaderTablesFilled) {
  Attack(500, 1, [](std::uint32_t stream) {
    // A literal that is to be remembered: RFC 7541, 6.2.1. 127 and 3873 more bytes.
    const std::string entry = std::string("\x40\x01x\x7f\xa1\x1e", 6) + std::string(4000, 'x');
    return FrameOf(kHeaders, kEndHeaders, stream, CallBlock(kChat) + entry);
  });
}

TEST_F(MemoryTest, ThousandsOfHealthWatches) {
  Attack(50, 200, [](std::uint32_t stream) {
    return Request(stream, kWatch) + DataFrame(stream, GrpcMessage(""), kEndStream);
  });
}

TEST_F(MemoryTest, ThousandsOfReflectionStreams) {
  const std::string question = GrpcMessage(kQuestion);
  Attack(50, 200, [&](std::uint32_t stream) {
    return Request(stream, kReflection) + DataFrame(stream, question);
  });
}

TEST_F(MemoryTest, QuestionsToReflectionWhoseAnswersAreNotRead) {
  const std::string question = GrpcMessage(kQuestion);
  Attack(50, 100, [&](std::uint32_t stream) {
    return Request(stream, kReflection) + Times(100, DataFrame(stream, question));
  });
}

// 4 MB in some kilobytes.
TEST_F(MemoryTest, SmallRequestsThatUnfold) {
  Serve();
  std::atomic<bool> stop = false;
  std::vector<std::thread> attackers;
  for (int i = 0; i < 8; ++i) {
    attackers.emplace_back([&] {
      const std::shared_ptr<grpc::Channel> channel = ChannelAs(kAttacker, path());
      ASSERT_NE(channel, nullptr);
      const auto stub = v1::Echo::NewStub(channel);
      const v1::EchoRequest request = integration::Message(std::string(4'000'000, 'x'));
      while (!stop) {
        grpc::ClientContext context;
        context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
        v1::EchoResponse response;
        stub->Echo(&context, request, &response);
      }
    });
  }
  honest().AwaitAnswers(20);
  stop = true;
  for (std::thread& attacker : attackers) attacker.join();
}

TEST_F(MemoryTest, GoAwayAndThenCalls) {
  Attack(50, 100, [](std::uint32_t stream) {
    return GoAwayFrame(0, 0) + Request(stream, kEcho) +
           DataFrame(stream, GrpcMessage(DelayedEchoRequest("x", 600)), kEndStream);
  });
}

// Padding is thrown away, but is flow-controlled and must be read.
TEST_F(MemoryTest, Padding) {
  Attack(50, 1, [](std::uint32_t stream) {
    const std::string padded = std::string("\xff", 1) + "x" + std::string(255, '\0');
    return Request(stream, kChat) + Times(10'000, FrameOf(kData, kPadded, stream, padded));
  });
}

}  // namespace
}  // namespace udsecho::security
