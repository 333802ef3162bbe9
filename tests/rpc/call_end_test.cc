// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How calls end: by their handler, by what they were sent, by their client, by time. To the byte
// and to the nanosecond; the bed looks whether all that a call held was given back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "rpc/call/broadcast.h"
#include "rpc/wire/encoding.h"
#include "rpc/wire/message_reader.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

using http2::kEndStream;
using support::IsOk;
using support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Bidi = ScriptedService::Bidi;
using ClientStream = ScriptedService::ClientStream;
using ServerStream = ScriptedService::ServerStream;
using Unary = ScriptedService::Unary;

// What is no message of the method's: a text that is not UTF-8.
const std::string kMalformed("\0\0\0\0\3\x0a\1\xff", 8);

// EXPECT_TRUE and its like put what they are given into a condition, where g++ 12 faults at
// co_await.
void ExpectTrue(bool is, std::source_location at = std::source_location::current()) {
  if (!is) ADD_FAILURE_AT(at.file_name(), static_cast<int>(at.line())) << "is false";
}
void ExpectFalse(bool is, std::source_location at = std::source_location::current()) {
  if (is) ADD_FAILURE_AT(at.file_name(), static_cast<int>(at.line())) << "is true";
}

Reply Says(const std::string& text) {
  Reply reply;
  reply.set_text(text);
  return reply;
}

// --- By the handler. ---

TEST(FinishTest, TakesAStatusOr) {
  CallBed bed;
  absl::StatusOr<Reply> end = Says("fine");
  bed.service.ask = [&](Unary& call) -> rpc::Task { co_await call.Finish(end); };
  bed.service.collect = [&](ClientStream& call) -> rpc::Task { co_await call.Finish(end); };
  bed.Send(bed.Whole(1, "Ask", "x"));
  bed.Send(bed.Whole(3, "Collect", "x"));
  end = absl::NotFoundError("nothing here");
  bed.Send(bed.Whole(5, "Ask", "x"));
  bed.Send(bed.Whole(7, "Collect", "x"));
  for (const std::uint32_t stream : {1, 3}) {
    EXPECT_EQ(bed.status(stream), "0");
    EXPECT_THAT(bed.replies(stream), ElementsAre("fine"));
  }
  for (const std::uint32_t stream : {5, 7}) {
    EXPECT_EQ(bed.status(stream), "5");
    EXPECT_EQ(bed.message(stream), "nothing here");
    EXPECT_THAT(bed.replies(stream), IsEmpty());
  }
}

TEST(FinishTest, HasAnEffectOnce) {
  CallBed bed;
  std::vector<bool> taken;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    taken.push_back(co_await call.Finish(absl::AbortedError("first")));
    taken.push_back(co_await call.Finish(Says("second")));
    taken.push_back(co_await call.Finish(absl::NotFoundError("third")));
    EXPECT_TRUE(call.ended());
    EXPECT_FALSE(call.cancelled());
    EXPECT_THAT(call.end_status(), StatusIs(absl::StatusCode::kAborted, "first"));
  };
  bed.Send(bed.Whole(1, "Ask", "x"));
  EXPECT_THAT(taken, ElementsAre(true, false, false));
  EXPECT_EQ(bed.status(1), "10");
}

TEST(FinishTest, AHandlerThatEndsWithoutAStatusIsInternalWhateverItsShape) {
  CallBed bed;
  bed.service.ask = [](Unary&) -> rpc::Task { co_return; };
  bed.service.expand = [](ServerStream& call) -> rpc::Task {
    ExpectTrue(co_await call.Write(Says("one")));
  };
  bed.service.collect = [](ClientStream& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
    }
  };
  bed.service.talk = [](Bidi& call) -> rpc::Task {
    Request request;
    ExpectTrue(co_await call.Read(&request));
    ExpectTrue(co_await call.Write(Says("one")));
  };
  std::uint32_t stream = 1;
  for (const char* method : {"Ask", "Expand", "Collect", "Talk"}) {
    bed.Send(bed.Whole(stream, method, "x"));
    EXPECT_EQ(bed.status(stream), "13") << method;
    stream += 2;
  }
  EXPECT_THAT(bed.replies(3), ElementsAre("one"));
  EXPECT_THAT(bed.replies(7), ElementsAre("one"));
}

// --- By what was sent. ---

TEST(RefusedMessageTest, AHandlerCanTellItFromTheEndOfTheStream) {
  CallBed bed;
  std::vector<absl::Status> ends;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
    }
    ends.push_back(call.end_status());
    EXPECT_EQ(call.cancelled(), !call.end_status().ok());
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(bed.Whole(1, "Talk", "x"));
  bed.Send(bed.Begin(3, "Talk") + bed.Data(3, kMalformed));
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_THAT(ends[0], IsOk());
  EXPECT_THAT(ends[1], StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(bed.status(1), "0");
  EXPECT_EQ(bed.status(3), "3");
}

TEST(RefusedMessageTest, AWriteAfterItDoesNotGoOut) {
  CallBed bed;
  std::vector<bool> went;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
      went.push_back(co_await call.Write(Says(request.text())));
    }
    went.push_back(co_await call.Write(Says("too late")));
    went.push_back(co_await call.Finish(absl::OkStatus()));
    went.push_back(co_await call.Sleep(absl::Seconds(1)));
  };
  bed.Send(bed.Begin(1, "Talk") + bed.Message(1, "good") + bed.Data(1, kMalformed));
  EXPECT_THAT(went, ElementsAre(true, false, false, false));
  EXPECT_THAT(bed.replies(1), ElementsAre("good"));
  EXPECT_EQ(bed.status(1), "3");
}

// The handler waits for its message in one task and for time in another: both are told.
TEST(RefusedMessageTest, WakesWhatElseWaits) {
  CallBed bed;
  std::vector<std::string> ended;
  const auto read = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
    }
    ended.emplace_back("read");
  };
  struct Nobody final : rpc::Task::Owner {
    void TaskEnded() override {}
  } nobody;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    rpc::Task reader = read(call);
    reader.Start(&nobody);
    ExpectFalse(co_await call.Sleep(absl::Hours(1)));
    ended.emplace_back("slept");
  };
  bed.Send(bed.Begin(1, "Talk"));
  bed.Send(bed.Data(1, kMalformed));
  EXPECT_THAT(ended, ::testing::UnorderedElementsAre("read", "slept"));
  EXPECT_EQ(bed.status(1), "3");
}

TEST(RefusedMessageTest, WhatIsTooMuchToKeepEndsTheCallAndNotItsHandler) {
  CallBed bed({.max_memory_bytes = 16 << 20});
  bool went_on = false;
  bed.service.collect = [&](ClientStream& call) -> rpc::Task {
    Request request;
    ExpectTrue(co_await call.Read(&request));
    EXPECT_TRUE(call.Keep(1 << 20));
    EXPECT_FALSE(call.Keep(16 << 20));
    EXPECT_FALSE(call.Keep(1));
    ExpectFalse(co_await call.Read(&request));
    went_on = true;
  };
  bed.Send(bed.Whole(1, "Collect", "x"));
  EXPECT_TRUE(went_on);
  EXPECT_EQ(bed.status(1), "8");
}

TEST(RefusedMessageTest, ACutWithinAMessageIsInternal) {
  CallBed bed;
  bed.service.ask = [](Unary&) -> rpc::Task {
    ADD_FAILURE() << "there is no message";
    co_return;
  };
  bed.Send(bed.Begin(1, "Ask") + bed.Data(1, std::string("\0\0\0\0\5abc", 8), kEndStream));
  EXPECT_EQ(bed.status(1), "13");
  bed.Send(bed.Begin(3, "Ask") + bed.Data(3, std::string("\0\0", 2), kEndStream));
  EXPECT_EQ(bed.status(3), "13");
}

TEST(RefusedMessageTest, AnythingButOneMessageIsUnimplementedWhereOneIsDue) {
  CallBed bed;
  bed.service.ask = [](Unary&) -> rpc::Task {
    ADD_FAILURE() << "not one message";
    co_return;
  };
  bed.Send(bed.Begin(1, "Ask") + bed.Data(1, "", kEndStream));
  EXPECT_EQ(bed.status(1), "12");
  bed.Send(bed.Begin(3, "Ask") + bed.Message(3, "one") + bed.Message(3, "two", kEndStream));
  EXPECT_EQ(bed.status(3), "12");
  bed.Send(bed.Begin(5, "Ask") + bed.Message(5, "one") +
           bed.Data(5, std::string("\0\0\0", 3), kEndStream));
  EXPECT_EQ(bed.status(5), "13");
}

// --- Compressed messages. ---

std::string Packed(const std::string& text) {
  Request request;
  request.set_text(text);
  const std::string packed =
      rpc::wire::Deflate(rpc::wire::Encoding::kGzip, request.SerializeAsString());
  std::string framed(rpc::wire::kPrefixBytes, '\0');
  rpc::wire::WritePrefix(true, packed.size(), framed.data());
  return framed + packed;
}

TEST(PackedMessageTest, IsUnpackedInStepsWhileMoreComesBehindIt) {
  CallBed bed;
  rpc::Broadcast broadcast;
  std::vector<std::size_t> lengths;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    ExpectTrue(co_await call.Wait(broadcast, broadcast.sent()));
    Request request;
    while (co_await call.Read(&request)) lengths.push_back(request.text().size());
    co_await call.Finish(absl::OkStatus());
  };
  // Long when unpacked, and short before: it takes several steps.
  const std::string long_one = Packed(std::string(2 << 20, 'x'));
  bed.Send(bed.Begin(1, "Talk", {{"grpc-encoding", "gzip"}}) + bed.Data(1, long_one));
  // In one round: the handler begins to unpack it, and then more comes, for which there is no room
  // where the first one lies.
  broadcast.Send();
  bed.peer().Send(bed.Data(1, Packed(std::string(100'000, 'y'))));
  for (int i = 0; i < 50; ++i) bed.peer().Send(bed.Message(1, std::string(500, 'z')));
  bed.peer().Send(bed.Data(1, "", kEndStream));
  bed.Settle();
  ASSERT_EQ(lengths.size(), 52U);
  EXPECT_EQ(lengths[0], 2U << 20);
  EXPECT_EQ(lengths[1], 100'000U);
  EXPECT_EQ(bed.status(1), "0");
}

TEST(PackedMessageTest, IsGivenUpWithItsCallInAnyOfItsSteps) {
  for (int turns = 0; turns < 20; ++turns) {
    CallBed bed;
    bed.service.talk = [&](Bidi& call) -> rpc::Task {
      Request request;
      while (co_await call.Read(&request)) {
      }
      co_await call.Finish(absl::OkStatus());
    };
    bed.peer().Send(bed.Begin(1, "Talk", {{"grpc-encoding", "gzip"}}) +
                    bed.Data(1, Packed(std::string(2 << 20, 'x'))));
    for (int i = 0; i < turns; ++i) bed.Turn();
    bed.Send(http2::ResetFrame(1));
    EXPECT_EQ(bed.in_flight(), 0);
  }
}

TEST(PackedMessageTest, WithoutAnAnnouncedEncodingIsInternal) {
  CallBed bed;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
    }
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(bed.Begin(1, "Talk") + bed.Data(1, std::string("\1\0\0\0\1x", 6)));
  EXPECT_EQ(bed.status(1), "13");
}

// --- What is held. ---

// A message that is read into again keeps room for what it has had.
TEST(HeldTest, IsWhatTheMessageTakesAndNotWhatItTookLast) {
  CallBed bed;
  std::vector<std::size_t> takes;
  std::vector<std::size_t> held;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
      takes.push_back(request.SpaceUsedLong());
      held.push_back(static_cast<std::size_t>(bed.account().memory.held()));
    }
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(bed.Begin(1, "Talk"));
  const auto before = static_cast<std::size_t>(bed.account().memory.held());
  for (const std::size_t length : {1'000'000, 1, 100'000, 1, 20'000, 1, 1}) {
    bed.Send(bed.Message(1, std::string(length, 'x')));
  }
  ASSERT_EQ(takes.size(), 7U);
  for (std::size_t i = 0; i < takes.size(); ++i) {
    EXPECT_LE(takes[i], held[i] - before + sizeof(Request)) << i;
  }
  EXPECT_LT(held[1] - before, 100'000U) << "the long one is no more";
}

// Of a uid that sends as much as it may and a byte more, others find something left.
TEST(HeldTest, IsWithinTheBoundWhateverLiesBehindTheMessages) {
  constexpr std::size_t kLong = 1 << 20;
  constexpr std::int64_t kMemory = 16 << 20;
  CallBed bed({.max_memory_bytes = kMemory});
  int read = 0;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) ++read;
  };
  for (std::uint32_t stream = 1; stream < 40; stream += 2) {
    bed.Send(bed.Begin(stream, "Talk") + bed.Message(stream, std::string(kLong, 'x')) +
             bed.Data(stream, std::string(1, '\0')));
    EXPECT_LE(bed.account().memory.held(), kMemory / 8 * 5) << stream;
  }
  EXPECT_GT(read, 4);
  EXPECT_EQ(bed.status(39), "8");
}

// --- By the client. ---

TEST(CancelTest, EndsEveryWait) {
  CallBed bed;
  rpc::Broadcast never;
  std::vector<std::string> ended;
  const auto note = [&](const rpc::Call& call, const char* what, bool went_on) {
    EXPECT_FALSE(went_on);
    EXPECT_TRUE(call.cancelled());
    EXPECT_THAT(call.end_status(), StatusIs(absl::StatusCode::kCancelled));
    ended.emplace_back(what);
  };
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    note(call, "sleep", co_await call.Sleep(absl::Hours(1)));
  };
  bed.service.expand = [&](ServerStream& call) -> rpc::Task {
    note(call, "wait", co_await call.Wait(never, never.sent()));
  };
  bed.service.collect = [&](ClientStream& call) -> rpc::Task {
    Request request;
    ExpectTrue(co_await call.Read(&request));
    note(call, "read", co_await call.Read(&request));
  };
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    bool went_on = true;
    while (went_on) went_on = co_await call.Write(Says(std::string(50'000, 'x')));
    note(call, "write", went_on);
  };
  bed.Send(bed.Whole(1, "Ask", "x") + bed.Whole(3, "Expand", "x") + bed.Begin(5, "Collect") +
           bed.Message(5, "x") + bed.Begin(7, "Talk"));
  EXPECT_EQ(bed.in_flight(), 4);
  EXPECT_THAT(ended, IsEmpty());
  for (const std::uint32_t stream : {1, 3, 5, 7}) bed.Send(http2::ResetFrame(stream));
  EXPECT_THAT(ended, ElementsAre("sleep", "wait", "read", "write"));
  EXPECT_EQ(bed.in_flight(), 0);
}

// A client that has heard the limit holds the next call back until then, and sends it at once.
TEST(CancelTest, MakesRoomForACallThatComesWithIt) {
  CallBed bed({.max_calls_per_uid = 1});
  bed.service.ask = [](Unary& call) -> rpc::Task {
    if (call.request().text() == "wait") co_await call.Sleep(absl::Hours(1));
    co_await call.Finish(Says("fine"));
  };
  bed.Send(bed.Whole(1, "Ask", "wait"));
  bed.Send(http2::ResetFrame(1) + bed.Whole(3, "Ask", "x"));
  EXPECT_EQ(bed.status(3), "0");
}

TEST(CancelTest, TheConnectionsEndIsOne) {
  std::vector<std::string> ended;
  {
    CallBed bed;
    rpc::Broadcast never;
    bed.service.talk = [&](Bidi& call) -> rpc::Task {
      Request request;
      ExpectTrue(co_await call.Read(&request));
      if (request.text() == "read") {
        ExpectFalse(co_await call.Read(&request));
      } else if (request.text() == "sleep") {
        ExpectFalse(co_await call.Sleep(absl::Hours(1)));
      } else {
        ExpectFalse(co_await call.Wait(never, never.sent()));
      }
      ExpectFalse(co_await call.Write(Says("too late")));
      ended.push_back("ended");
    };
    std::uint32_t stream = 1;
    for (const char* what : {"read", "sleep", "wait"}) {
      bed.Send(bed.Begin(stream, "Talk") + bed.Message(stream, what));
      stream += 2;
    }
    EXPECT_EQ(bed.in_flight(), 3);
    bed.Leave();
    EXPECT_EQ(ended.size(), 3U);
  }
}

TEST(CancelTest, AHandlerThatGoesOnIsOver) {
  CallBed bed;
  std::vector<int> steps;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
    }
    for (int i = 0; i < 100; ++i) {
      co_await call.Sleep(absl::Hours(1));
      co_await call.Read(&request);
      co_await call.Write(Says("x"));
      steps.push_back(i);
    }
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(bed.Begin(1, "Talk"));
  bed.Send(http2::ResetFrame(1));
  EXPECT_EQ(steps.size(), 100U);
}

// --- By time. ---

TEST(DeadlineTest, EndsTheCallToTheMillisecond) {
  CallBed bed;
  std::optional<bool> went_on;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    went_on = co_await call.Sleep(absl::Hours(1));
  };
  bed.Send(bed.Whole(1, "Ask", "x", {{"grpc-timeout", "100m"}}));
  bed.clock.Advance(absl::Milliseconds(99));
  bed.Settle();
  EXPECT_EQ(bed.status(1), "");
  bed.clock.Advance(absl::Milliseconds(1));
  bed.Settle();
  EXPECT_EQ(bed.status(1), "4");
  EXPECT_EQ(went_on, false);
  EXPECT_EQ(bed.in_flight(), 0);
}

TEST(DeadlineTest, BeginsWhenTheCallIsReadAndNotWhenTheRoundBegan) {
  CallBed bed;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    // Keeps the thread.
    if (call.request().text().size() > 1000) bed.clock.Advance(absl::Seconds(1));
    co_await call.Sleep(absl::Milliseconds(1));
    co_await call.Finish(Says("in time"));
  };
  // So long that the second call is read after the first one's handler has run.
  bed.Send(bed.Whole(1, "Ask", std::string(3000, 'x')) +
           bed.Begin(3, "Ask", {{"grpc-timeout", "500m"}, {"padding", std::string(3000, 'x')}}) +
           bed.Message(3, "x", kEndStream));
  bed.clock.Advance(absl::Milliseconds(1));
  bed.Settle();
  EXPECT_EQ(bed.status(3), "0") << bed.message(3);
}

TEST(DeadlineTest, AHandlerThatKeptItsThreadHearsOfItWithItsFinish) {
  CallBed bed;
  std::vector<bool> taken;
  const auto keep = [&](rpc::Call& call) {
    bed.clock.Advance(absl::Milliseconds(100));
    EXPECT_FALSE(call.ended());
  };
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    keep(call);
    taken.push_back(co_await call.Finish(Says("too late")));
    EXPECT_TRUE(call.cancelled());
    EXPECT_THAT(call.end_status(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  };
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    keep(call);
    taken.push_back(co_await call.Finish(absl::OkStatus()));
  };
  bed.Send(bed.Whole(1, "Ask", "x", {{"grpc-timeout", "100m"}}));
  bed.Send(bed.Whole(3, "Talk", "x", {{"grpc-timeout", "100m"}}));
  EXPECT_THAT(taken, ElementsAre(false, false));
  EXPECT_EQ(bed.status(1), "4");
  EXPECT_EQ(bed.status(3), "4");
  EXPECT_THAT(bed.replies(1), IsEmpty());
}

TEST(DeadlineTest, OfACallThatSendsNothingIsOneToo) {
  CallBed bed;
  bed.Send(bed.Begin(1, "Ask", {{"grpc-timeout", "1S"}}));
  bed.clock.Advance(absl::Seconds(1));
  bed.Settle();
  EXPECT_EQ(bed.status(1), "4");
  EXPECT_EQ(bed.in_flight(), 0);
}

TEST(DeadlineTest, HasNoEffectOnACallThatHasEnded) {
  CallBed bed;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    ExpectTrue(co_await call.Finish(Says("in time")));
    bed.clock.Advance(absl::Seconds(2));
    EXPECT_FALSE(call.cancelled());
    ExpectFalse(co_await call.Finish(Says("again")));
    EXPECT_THAT(call.end_status(), IsOk());
  };
  bed.Send(bed.Whole(1, "Ask", "x", {{"grpc-timeout", "1S"}}));
  EXPECT_EQ(bed.status(1), "0");
}

// --- Several waits at once, and waits that outlive their handler. ---

struct Nobody final : rpc::Task::Owner {
  void TaskEnded() override {}
};

TEST(TasksTest, OneReadsWhileTheOtherWrites) {
  CallBed bed;
  Nobody nobody;
  int read = 0;
  const auto reading = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) ++read;
  };
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    rpc::Task reader = reading(call);
    reader.Start(&nobody);
    for (int i = 0; i < 10; ++i) ExpectTrue(co_await call.Write(Says(std::string(20'000, 'x'))));
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(bed.Begin(1, "Talk"));
  EXPECT_LT(bed.replies(1).size(), 10U) << "the window is full";
  for (int i = 0; i < 3; ++i) bed.Send(bed.Message(1, "x"));
  EXPECT_EQ(read, 3);
  bed.Send(http2::WindowUpdateFrame(1, 1 << 20) + http2::WindowUpdateFrame(0, 1 << 20));
  EXPECT_EQ(bed.replies(1).size(), 10U);
  EXPECT_EQ(bed.status(1), "0");
}

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
    bed.Send(bed.Begin(stream, "Talk"));
    bed.Send(bed.Message(stream, "x"));
    broadcast.Send();
    bed.clock.Advance(absl::Seconds(2));
    bed.Send(http2::WindowUpdateFrame(stream, 1 << 20) + http2::WindowUpdateFrame(0, 1 << 20));
    bed.Send(http2::ResetFrame(stream));
    stream += 2;
  }
  EXPECT_EQ(woken, 0);
}

// --- By the server. ---

TEST(DrainingTest, EndsThoseThatSaidSoBeforeAndAfter) {
  CallBed bed;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
      if (request.text() == "end") call.EndWhenDraining(absl::UnavailableError("leave"));
    }
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(bed.Begin(1, "Talk") + bed.Message(1, "end"));
  bed.Send(bed.Begin(3, "Talk") + bed.Message(3, "stay"));
  bed.shard().Drain();
  bed.Settle();
  EXPECT_EQ(bed.status(1), "14");
  EXPECT_EQ(bed.status(3), "");
  bed.Send(bed.Message(3, "end"));
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
  bed.Send(bed.Whole(1, "Ask", "wait") + bed.Whole(3, "Ask", "wait") + bed.Begin(5, "Ask"));
  bed.Send(bed.Whole(7, "Ask", "finish"));
  EXPECT_EQ(bed.shard().Cut(), 3U);
  bed.Settle();
  EXPECT_EQ(bed.shard().Cut(), 0U);
  for (const std::uint32_t stream : {1, 3, 5}) EXPECT_EQ(bed.status(stream), "14");
  EXPECT_EQ(bed.status(7), "0");
  EXPECT_EQ(interrupted, 3) << "two by the cut, and one that had finished";
}

}  // namespace
}  // namespace udsecho::testing
