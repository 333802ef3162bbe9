// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --retry against a server whose frames the test makes: what it has not looked at, and what it has begun
// to answer.

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tests/client/run_client.h"
#include "tests/http2/frames.h"
#include "tests/support/temp_dir.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

using http2::DataFrame;
using http2::HeadersFrame;

// What becomes of a request: the first one gets the first of these, and each after the last is answered.
enum class Fate {
  kAnswered,
  kRefused,           // RST_STREAM with REFUSED_STREAM
  kLeftOut,           // by a GOAWAY, which says that no stream was looked at
  kFailed,            // UNAVAILABLE in a header alone
  kFailedAfterHeader  // a header without metadata, and then UNAVAILABLE
};

// Answers on one thread, on as many connections as come.
class FrameServer {
 public:
  FrameServer(const std::string& path, std::vector<Fate> fates)
      : fates_(std::move(fates)), listening_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const uds::Address address = uds::Address::Parse(path).value();
    if (bind(listening_.get(), address.socket_address(), address.socket_address_length()) != 0 ||
        listen(listening_.get(), 16) != 0) {
      std::abort();
    }
    thread_ = std::thread([this] { Serve(); });
  }
  ~FrameServer() { Stop(); }
  FrameServer(const FrameServer&) = delete;
  FrameServer& operator=(const FrameServer&) = delete;

  // How many requests there were. Nothing is answered from then on.
  std::size_t Stop() {
    if (thread_.joinable()) {
      eventfd_write(stop_.get(), 1);
      thread_.join();
    }
    return requests_;
  }

 private:
  struct Connection {
    uds::UniqueFd fd;
    std::string unread;
    bool greeted = false;
  };

  void Serve() {
    while (true) {
      std::vector<pollfd> polled = {{stop_.get(), POLLIN, 0}, {listening_.get(), POLLIN, 0}};
      for (const auto& [fd, connection] : connections_) polled.push_back({fd, POLLIN, 0});
      if (poll(polled.data(), polled.size(), -1) <= 0) continue;
      if (polled[0].revents != 0) return;
      if (polled[1].revents != 0) Accept();
      for (std::size_t i = 2; i < polled.size(); ++i) {
        if (polled[i].revents != 0) Read(polled[i].fd);
      }
    }
  }

  void Accept() {
    uds::UniqueFd fd(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd.valid()) return;
    const int number = fd.get();
    connections_[number].fd = std::move(fd);
    Write(number, http2::SettingsFrame({}));
  }

  static void Write(int fd, absl::string_view bytes) {
    // A client that has left reads nothing.
    static_cast<void>(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }

  void Read(int fd) {
    char bytes[4096];
    const ssize_t count = read(fd, bytes, sizeof(bytes));
    if (count <= 0) {
      connections_.erase(fd);
      return;
    }
    Connection& connection = connections_[fd];
    connection.unread.append(bytes, static_cast<std::size_t>(count));
    constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    if (!connection.greeted) {
      if (connection.unread.size() < kPreface.size()) return;
      connection.unread.erase(0, kPreface.size());
      connection.greeted = true;
    }
    while (TakeFrame(&connection)) {
    }
  }

  // RFC 9113, 4.1.
  bool TakeFrame(Connection* connection) {
    constexpr std::size_t kHeader = 9;
    std::string& unread = connection->unread;
    if (unread.size() < kHeader) return false;
    const std::size_t size = kHeader + http2::NumberOf(absl::string_view(unread).substr(0, 3));
    if (unread.size() < size) return false;
    const auto type = static_cast<std::uint8_t>(unread[3]);
    const auto flags = static_cast<std::uint8_t>(unread[4]);
    const std::uint32_t stream = http2::NumberOf(absl::string_view(unread).substr(5, 4));
    unread.erase(0, size);
    if (type == http2::kSettings && (flags & http2::kAck) == 0) {
      Write(connection->fd.get(), http2::SettingsAck());
    }
    const bool may_end = type == http2::kHeaders || type == http2::kData;
    if (may_end && (flags & http2::kEndStream) != 0) {
      const Fate fate = requests_ < fates_.size() ? fates_[requests_] : Fate::kAnswered;
      ++requests_;
      Write(connection->fd.get(), FramesOf(fate, stream));
    }
    return true;
  }

  static std::string FramesOf(Fate fate, std::uint32_t stream) {
    const http2::Headers begin = {{":status", "200"}, {"content-type", "application/grpc"}};
    const auto header = HeadersFrame(stream, begin, http2::kEndHeaders);
    const auto trailers = [stream](const char* code) {
      return HeadersFrame(stream, {{"grpc-status", code}}, http2::kEndHeaders | http2::kEndStream);
    };
    switch (fate) {
      case Fate::kAnswered: {
        constexpr char kReply[] = "\0\0\0\0\x04\x0a\x02ok";  // of EchoResponse: message "ok"
        return absl::StrCat(header, DataFrame(stream, {kReply, sizeof(kReply) - 1}), trailers("0"));
      }
      case Fate::kRefused:
        return http2::ResetFrame(stream, http2::kRefusedStream);
      case Fate::kLeftOut:
        return http2::GoAwayFrame(0, http2::kNoError);
      case Fate::kFailed:
        return HeadersFrame(
            stream,
            {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "14"}},
            http2::kEndHeaders | http2::kEndStream);
      case Fate::kFailedAfterHeader:
        return absl::StrCat(header, trailers("14"));
    }
    return "";
  }

  const std::vector<Fate> fates_;
  const uds::UniqueFd listening_;
  const uds::UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
  std::map<int, Connection> connections_;
  std::size_t requests_ = 0;
  std::thread thread_;
};

struct Case {
  const char* name;
  std::vector<Fate> fates;
  int exit_code;
  std::size_t requests;
};

// With --retry=2: one attempt after the first.
const Case kCases[] = {
    {"Answered", {}, 0, 1},
    {"Failed", {Fate::kFailed}, 0, 2},
    {"FailedTwice", {Fate::kFailed, Fate::kFailed}, 64 + 14, 2},
    {"FailedAfterItsHeader", {Fate::kFailedAfterHeader}, 64 + 14, 1},
    {"Refused", {Fate::kRefused}, 0, 2},
    // What was not looked at is no attempt.
    {"LeftOutThenFailed", {Fate::kLeftOut, Fate::kFailed}, 0, 3},
};

class RetryFramesTest : public testing::Test {
 protected:
  Ended Bench() {
    return RunClient(
        {path_, "hi", "--retry=2", "--timeout=1m", "--bench", "--count=1", "--warmup=0"});
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
};

class FatesTest : public RetryFramesTest, public testing::WithParamInterface<Case> {};

TEST_P(FatesTest, OfAMessage) {
  FrameServer server(path_, GetParam().fates);
  const Ended result = RunClient({path_, "hi", "--retry=2", "--timeout=1m"});
  EXPECT_EQ(result.exit_code, GetParam().exit_code) << result.err;
  EXPECT_EQ(result.out, GetParam().exit_code == 0 ? "ok\n" : "");
  EXPECT_EQ(server.Stop(), GetParam().requests);
}

TEST_P(FatesTest, OfABench) {
  FrameServer server(path_, GetParam().fates);
  const Ended result = Bench();
  EXPECT_EQ(result.exit_code, GetParam().exit_code) << result.err;
  EXPECT_EQ(server.Stop(), GetParam().requests);
}

// gRPC 1.51 takes a refused stream for an attempt.
TEST_F(RetryFramesTest, OfABenchARefusalIsNoAttempt) {
  FrameServer server(path_, {Fate::kRefused, Fate::kFailed});
  const Ended result = Bench();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(server.Stop(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Each, FatesTest, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace udsecho::client
