// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Calls of every kind whose ends come in any order, again and again: the bed looks whether all that
// they held was given back, and the sanitizers whether anything is used after its end.

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/call/broadcast.h"
#include "rpc/call/run_on.h"
#include "rpc/call/thread_pool.h"
#include "rpc/call/when.h"
#include "rpc/wire/encoding.h"
#include "rpc/wire/message_reader.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"
#include "uds/unique_fd.h"

namespace udsecho::testing {
namespace {

class Storm {
 public:
  explicit Storm(unsigned seed) : random_(seed), bed_({.max_memory_bytes = 16 << 20}) {
    bed_.service.ask = [this](Unary& call) { return Ask(call); };
    bed_.service.expand = [this](ServerStream& call) { return Expand(call); };
    bed_.service.collect = [this](ClientStream& call) { return Collect(call); };
    bed_.service.talk = [this](Bidi& call) { return Talk(call); };
  }

  void Run() {
    for (int i = 0; i < 300 && !bed_.ended(); ++i) Step();
  }

 private:
  int Pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  std::string Text() {
    const int kind = Pick(10);
    return std::string(static_cast<std::size_t>(kind < 7   ? Pick(100)
                                                : kind < 9 ? Pick(20'000)
                                                           : Pick(300'000)),
                       'x');
  }

  // One of the waits that there are, for a while.
  rpc::Task Pause(rpc::Call& call) {
    switch (Pick(7)) {
      case 0:
        co_await call.Sleep(absl::Milliseconds(Pick(200)));
        break;
      case 1:
        co_await call.Wait(broadcast_, broadcast_.sent());
        break;
      case 2: {
        const absl::StatusOr<std::string> text = co_await call.RunOn(
            pool_, [](const std::string& text) { return text; }, std::string(100, 'z'));
        EXPECT_TRUE(!text.ok() || text->size() == 100);
        break;
      }
      case 3: {
        const absl::Status ready = co_await call.Readable(event_.get());
        EXPECT_EQ(ready.ok(), !call.ended());
        break;
      }
      case 4:
        co_await rpc::WhenAny(Pause(call), call.Sleep(absl::Milliseconds(Pick(200))),
                              call.Readable(event_.get()), call.RunOn(pool_, [] {}));
        break;
      case 5:
        co_await rpc::WhenAll(Pause(call), call.Wait(broadcast_, broadcast_.sent()), Pause(call));
        break;
      default:
        break;
    }
  }

  rpc::Task Ask(Unary& call) {
    co_await Pause(call);
    Reply reply;
    reply.set_text(call.request().text());
    if (Pick(4) == 0) co_return;
    if (Pick(4) == 0) {
      co_await call.Finish(absl::AbortedError("so it was decided"));
    } else {
      co_await call.Finish(reply);
    }
    if (Pick(4) == 0) co_await Pause(call);
  }

  rpc::Task Expand(ServerStream& call) {
    Reply reply;
    reply.set_text(call.request().text());
    for (int i = Pick(20); i > 0; --i) {
      co_await Pause(call);
      if (!co_await call.Write(reply)) co_return;
    }
    co_await call.Finish(absl::OkStatus());
  }

  rpc::Task Collect(ClientStream& call) {
    if (Pick(4) == 0) call.EndWhenDraining(absl::UnavailableError("leave"));
    Request request;
    Reply reply;
    while (co_await call.Read(&request)) {
      if (!call.Keep(request.text().size())) break;
      reply.mutable_text()->append(request.text());
      co_await Pause(call);
    }
    co_await call.Finish(reply);
  }

  rpc::Task ReadAll(Bidi& call) {
    Request request;
    while (co_await call.Read(&request)) co_await NoPause(call);
  }
  rpc::Task NoPause(Bidi& /*call*/) { co_return; }

  rpc::Task Talk(Bidi& call) {
    Request request;
    Reply reply;
    if (Pick(3) == 0) {
      // Reads and writes at the same time, and may end while the other one waits.
      rpc::Task reader = ReadAll(call);
      reader.Start(&nobody_);
      reply.set_text(std::string(30'000, 'y'));
      for (int i = Pick(10); i > 0; --i) {
        if (!co_await call.Write(reply)) break;
      }
      if (Pick(2) == 0) co_await call.Sleep(absl::Milliseconds(Pick(200)));
      co_await call.Finish(absl::OkStatus());
      co_return;
    }
    while (co_await call.Read(&request)) {
      co_await Pause(call);
      reply.set_text(request.text());
      if (!co_await call.Write(reply)) co_return;
    }
    co_await call.Finish(absl::OkStatus());
  }

  std::string Packed(std::uint32_t stream) {
    Request request;
    request.set_text(Text() + Text());
    const std::string packed =
        rpc::wire::Deflate(rpc::wire::Encoding::kGzip, request.SerializeAsString());
    std::string framed(rpc::wire::kPrefixBytes, '\0');
    rpc::wire::WritePrefix(true, packed.size(), framed.data());
    return Data(stream, framed + packed);
  }

  // Makes the descriptor readable, or takes that back.
  void Toggle() {
    eventfd_t count = 0;
    if (eventfd_read(event_.get(), &count) != 0) eventfd_write(event_.get(), 1);
  }

  void BeginCall() {
    static const std::vector<std::string> kMethods = {"Ask", "Expand", "Collect", "Talk"};
    http2::Headers more = {{"grpc-encoding", "gzip"}, {"grpc-accept-encoding", "gzip"}};
    if (Pick(3) == 0) more.emplace_back("grpc-timeout", std::to_string(Pick(300)) + "m");
    open_.push_back(next_);
    bed_.peer().Send(Begin(next_, kMethods[static_cast<std::size_t>(Pick(4))], more));
    next_ += 2;
  }

  void Step() {
    const std::uint32_t stream =
        open_.empty() ? 1 : open_[static_cast<std::size_t>(Pick(static_cast<int>(open_.size())))];
    const auto close = [&] { std::erase(open_, stream); };
    switch (Pick(16)) {
      case 0:
      case 1:
        BeginCall();
        break;
      case 2:
      case 3:
        if (!open_.empty()) bed_.peer().Send(Message(stream, Text()));
        break;
      case 4:
        if (!open_.empty()) bed_.peer().Send(Packed(stream));
        break;
      case 5:
        if (open_.empty()) break;
        bed_.peer().Send(Message(stream, Text(), http2::kEndStream));
        close();
        break;
      case 6:
        if (open_.empty()) break;
        bed_.peer().Send(Data(stream, "", http2::kEndStream));
        close();
        break;
      case 7:
        if (open_.empty()) break;
        bed_.peer().Send(http2::ResetFrame(stream));
        close();
        break;
      case 8:
        if (!open_.empty() && Pick(5) == 0) bed_.peer().Send(Data(stream, "rubbish"));
        break;
      case 9:
        bed_.clock.Advance(absl::Milliseconds(Pick(100)));
        break;
      case 10:
        broadcast_.Send();
        break;
      case 11:
        bed_.peer().Send(http2::WindowUpdateFrame(0, 200'000));
        for (const std::uint32_t one : open_) {
          bed_.peer().Send(http2::WindowUpdateFrame(one, 50'000));
        }
        break;
      case 12:
        bed_.Settle();
        break;
      case 13:
        pool_.RunNext();
        break;
      case 14:
        Toggle();
        break;
      default:
        if (Pick(200) == 0) bed_.shard().Drain();
        if (Pick(200) == 0) bed_.shard().Cut();
        break;
    }
    bed_.Turn();
    while (Pick(3) == 0 && bed_.peer().Pull()) {
    }
  }

  std::mt19937 random_;
  Nobody nobody_;
  rpc::Broadcast broadcast_;
  rpc::ThreadPool pool_{{.threads = 0, .max_waiting = 5}};
  const uds::UniqueFd event_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  CallBed bed_;
  std::uint32_t next_ = 1;
  std::vector<std::uint32_t> open_;
};

TEST(CallStormTest, LeavesNothingBehindWhateverTheOrder) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Storm(seed).Run();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace udsecho::testing
