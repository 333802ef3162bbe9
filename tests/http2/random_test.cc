// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Clients and applications that do anything in any order: nothing breaks, nothing is left behind.
// The sanitizers see what a test cannot.

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/http2/bed.h"

namespace http2 {
namespace {

// A client that mostly keeps to the rules, and its connection.
struct Client {
  std::unique_ptr<Link> link;
  std::uint32_t next = 1;
  std::vector<std::uint32_t> sending;  // streams whose request has not ended
};

class Chaos {
 public:
  explicit Chaos(unsigned seed)
      : random_(seed),
        bed_(Below(3) == 0 ? 60'000 + static_cast<std::int64_t>(Below(1'000'000)) : 1 << 30),
        socket_buffer_(Below(2) == 0 ? 2048 : 0) {
    bed_.settings.max_streams = 1 + static_cast<std::uint32_t>(Below(50));
    bed_.settings.stream_window_bytes = 50'000 + static_cast<std::uint32_t>(Below(100'000));
    bed_.settings.max_idle = absl::Seconds(60);
    bed_.settings.max_age = absl::Seconds(100);
    bed_.settings.max_age_grace = absl::Seconds(10);
    bed_.site.wakes_at_the_end = Below(2) == 0;
  }

  void Run(int steps) {
    for (int i = 0; i < steps; ++i) {
      Client& client = clients_[Below(std::size(clients_))];
      if (client.link == nullptr || client.link->ending().has_value()) Begin(&client);
      Link& link = *client.link;
      for (std::size_t frames = Below(8); frames > 0; --frames) link.peer().Send(AnyFrame(&client));
      link.peer().Push();
      if (Below(3) == 0) AnyDeed(&link);
      bed_.clock.Advance(absl::Milliseconds(Below(200)));
      bed_.Turn();
      if (Below(2) == 0) link.peer().Pull(1 + Below(20'000));
    }
  }

  // Ends all, and says what is wrong then.
  void End() {
    for (Client& client : clients_) End(&client);
    shared_ = Buffer();
    EXPECT_EQ(bed_.account.held(), 0);
    EXPECT_EQ(bed_.site.begun.size(), bed_.site.done.size());
  }

 private:
  std::size_t Below(std::size_t limit) { return random_() % limit; }

  void Begin(Client* client) {
    End(client);
    *client = Client();
    client->link = std::make_unique<Link>(&bed_, nullptr, socket_buffer_);
    client->link->peer().Send(Greeting());
  }

  static void End(Client* client) {
    if (client->link == nullptr) return;
    for (std::uint32_t id = 1; id < client->next; id += 2) {
      EXPECT_EQ(client->link->response(id).after_the_end, 0) << id;
    }
    client->link = nullptr;
  }

  std::string AnyPath() {
    static constexpr const char* kPaths[] = {
        "/hello",        "/trailers", "/echo",   "/early", "/hold",       "/empty",
        "/bytes/100000", "/busy/3",   "/blob/9", "/none",  "/blob/50000", "/echo/trailers"};
    return kPaths[Below(std::size(kPaths))];
  }

  std::string AnyRequest(Client* client) {
    const std::uint32_t id = std::exchange(client->next, client->next + 2);
    switch (Below(12)) {
      case 0:
        return HeadersFrame(id, Get("/hello", {{"a", std::string(Below(12'000), 'a')}}),
                            kEndHeaders | kEndStream);
      case 1:
        return HeadersFrame(id, Get("/hello", {{"connection", "close"}}), kEndHeaders | kEndStream);
      case 2:
      case 3:
      case 4:
      case 5:
        return GetFrame(id, AnyPath());
      default:
        client->sending.push_back(id);
        return PostFrame(id, AnyPath());
    }
  }

  std::string AnyPart(Client* client) {
    if (client->sending.empty()) return "";
    const std::size_t which = Below(client->sending.size());
    const std::uint32_t id = client->sending[which];
    const bool ends = Below(4) == 0;
    if (ends) client->sending.erase(client->sending.begin() + static_cast<std::ptrdiff_t>(which));
    const std::uint8_t flags = ends ? kEndStream : 0;
    switch (Below(8)) {
      case 0:
        return ends ? HeadersFrame(id, {{"a", "b"}}, kEndHeaders | kEndStream) : "";
      case 1:
        return ends ? ResetFrame(id) : "";
      case 2:
        return PaddedDataFrame(id, std::string(Below(100), 'p'),
                               static_cast<std::uint8_t>(Below(256)), flags);
      default:
        return DataFrame(id, std::string(Below(3000), 'd'), flags);
    }
  }

  std::string AnyFrame(Client* client) {
    const auto number = static_cast<std::uint32_t>(Below(60'000));
    const auto stream = static_cast<std::uint32_t>(2 * Below(client->next / 2 + 1) + 1);
    switch (Below(24)) {
      case 0:
        return PingFrame(std::string(8, '\0'), static_cast<std::uint8_t>(Below(2)));
      case 1:
        return SettingsFrame({{kInitialWindowSize, number}});
      case 2:
        return stream < client->next ? ResetFrame(stream) : "";
      case 3:
        return PriorityFrame(stream, stream + 2);
      case 4:
        return FrameOf(0xee, static_cast<std::uint8_t>(Below(256)), 0, std::string(Below(30), 'x'));
      case 5:
        return Below(20) == 0 ? GoAwayFrame(0, kNoError) : "";
      case 6:  // anything, which mostly is an error of the connection
        return Below(30) == 0 ? FrameOf(static_cast<std::uint8_t>(Below(10)),
                                        static_cast<std::uint8_t>(Below(256)), stream,
                                        std::string(Below(30), '\0'))
                              : "";
      case 7:
      case 8:
        return stream < client->next ? WindowUpdateFrame(stream, 1 + number) : "";
      case 9:
      case 10:
        return WindowUpdateFrame(0, 1 + number);
      default:
        return Below(3) == 0 ? AnyRequest(client) : AnyPart(client);
    }
  }

  void AnyDeed(Link* link) {
    if (Below(300) == 0) link->connection().End();
    if (Below(30) == 0) link->connection().Drain();
    if (Below(200) == 0) link->peer().Leave();
    const std::vector<Page*>& pages = bed_.site.Pages();
    if (pages.empty()) return;
    Stream& stream = pages[Below(pages.size())]->stream();
    switch (Below(6)) {
      case 0:
        return stream.Reset(kCancel);
      case 1:
        return stream.RunSoon();
      case 2:
        return stream.Consume(Below(2));
      case 3:
        if (!stream.responded()) stream.Respond({{":status", "200"}}, Stream::kBodyFollows);
        return stream.Send(Shared());
      case 4:
        if (char* const to = stream.Send(100); to != nullptr) std::memset(to, 'w', 100);
        return;
      default:
        if (stream.responded()) stream.End();
    }
  }

  Buffer Shared() {
    if (shared_.is_null()) shared_ = Buffer::New(&bed_.account, 9000);
    if (!shared_.is_null() && shared_.size() == 0) {
      std::memset(shared_.end(), 's', 5000);
      shared_.Extend(5000);
    }
    return shared_;
  }

  std::mt19937 random_;
  Bed bed_;
  Buffer shared_;
  int socket_buffer_;
  Client clients_[3];
};

TEST(RandomTest, NothingBreaks) {
  const char* const more = std::getenv("RANDOM_TEST_SEEDS");
  const int seeds = more == nullptr ? 100 : std::atoi(more);
  for (int seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    Chaos chaos(static_cast<unsigned>(seed));
    chaos.Run(1000);
    chaos.End();
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace http2
