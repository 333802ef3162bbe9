// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Handlers with several tasks: waits at the same time, and waits that outlive the handler. And
// calls that the server ends when it drains or cuts.

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rpc/call/broadcast.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"

namespace udsecho::testing {
namespace {

// A handler may end while a task of its own still waits, which ends with it.
TEST(TasksTest, AWaitThatEndsWithItsHandlerIsNotWoken) {
  CallBed bed;
  Nobody nobody;
  rpc::Broadcast broadcast;
  int woken = 0;
  const auto reading = [&](Bidi& call) -> rpc::Task {
    Request request;
    co_await call.Read(&request);
    ++woken;
  };
  const auto waiting = [&](Bidi& call) -> rpc::Task {
    co_await call.Wait(broadcast, broadcast.sent());
    ++woken;
  };
  const auto sleeping = [&](Bidi& call) -> rpc::Task {
    co_await call.Sleep(absl::Seconds(1));
    ++woken;
  };
  const auto writing = [&](Bidi& call) -> rpc::Task {
    bool went_on = true;
    while (went_on) went_on = co_await call.Write(Says(std::string(50'000, 'x')));
    ++woken;
  };
  const std::vector<std::function<rpc::Task(Bidi&)>> waits = {reading, waiting, sleeping, writing};
  std::uint32_t stream = 1;
  for (const auto& wait : waits) {
    bed.service.talk = [&](Bidi& call) -> rpc::Task {
      rpc::Task task = wait(call);
      task.Start(&nobody);
      co_await call.Finish(absl::OkStatus());
    };
    bed.Send(Begin(stream, "Talk"));
    bed.Send(Message(stream, "x"));
    broadcast.Send();
    bed.clock.Advance(absl::Seconds(2));
    bed.Send(http2::WindowUpdateFrame(stream, 1 << 20) + http2::WindowUpdateFrame(0, 1 << 20));
    bed.Send(http2::ResetFrame(stream));
    stream += 2;
  }
  EXPECT_EQ(woken, 0);
}

TEST(DrainingTest, EndsThoseThatSaidSoBeforeAndAfter) {
  CallBed bed;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
      if (request.text() == "end") call.EndWhenDraining(absl::UnavailableError("leave"));
    }
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(Begin(1, "Talk") + Message(1, "end"));
  bed.Send(Begin(3, "Talk") + Message(3, "stay"));
  bed.shard().Drain();
  bed.Settle();
  EXPECT_EQ(bed.status(1), "14");
  EXPECT_EQ(bed.status(3), "");
  bed.Send(Message(3, "end"));
  EXPECT_EQ(bed.status(3), "14");
  EXPECT_EQ(bed.message(3), "leave");
}

TEST(DrainingTest, ACutCountsThoseThatItEnds) {
  CallBed bed;
  int interrupted = 0;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    if (call.request().text() == "finish") co_await call.Finish(Says("x"));
    if (!co_await call.Sleep(absl::Hours(1))) ++interrupted;
  };
  bed.Send(Whole(1, "Ask", "wait") + Whole(3, "Ask", "wait") + Begin(5, "Ask"));
  bed.Send(Whole(7, "Ask", "finish"));
  EXPECT_EQ(bed.shard().Cut(), 3U);
  bed.Settle();
  EXPECT_EQ(bed.shard().Cut(), 0U);
  for (const std::uint32_t stream : {1, 3, 5}) EXPECT_EQ(bed.status(stream), "14");
  EXPECT_EQ(bed.status(7), "0");
  EXPECT_EQ(interrupted, 3) << "two by the cut, and one that had finished";
}

}  // namespace
}  // namespace udsecho::testing
