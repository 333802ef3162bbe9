// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How calls end: by their handler, and by messages that are refused. The bed checks that a call
// gives back what it held.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"
#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

using http2::kEndStream;
using support::IsOk;
using support::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FinishTest, TakesAStatusOr) {
  CallBed bed;
  absl::StatusOr<Reply> end = Says("fine");
  bed.service.ask = [&](Unary& call) -> rpc::Task { co_await call.Finish(end); };
  bed.service.collect = [&](ClientStream& call) -> rpc::Task { co_await call.Finish(end); };
  bed.Send(Whole(1, "Ask", "x"));
  bed.Send(Whole(3, "Collect", "x"));
  end = absl::NotFoundError("nothing here");
  bed.Send(Whole(5, "Ask", "x"));
  bed.Send(Whole(7, "Collect", "x"));
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
  bed.Send(Whole(1, "Ask", "x"));
  EXPECT_THAT(taken, ElementsAre(true, false, false));
  EXPECT_EQ(bed.status(1), "10");
}

TEST(FinishTest, OkWithoutTheMessageThatItTakesIsInternal) {
  CallBed bed;
  bed.service.ask = [](Unary& call) -> rpc::Task { co_await call.Finish(absl::OkStatus()); };
  bed.service.collect = [](ClientStream& call) -> rpc::Task {
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(Whole(1, "Ask", "x"));
  bed.Send(Whole(3, "Collect", "x"));
  for (const std::uint32_t stream : {1, 3}) EXPECT_EQ(bed.status(stream), "13");
}

TEST(FinishTest, SaysThatTheResponseHadNoMemory) {
  CallBed bed({.max_memory_bytes = 1 << 20});
  bool taken = true;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    taken = co_await call.Finish(Says(std::string(2 << 20, 'x')));
    EXPECT_THAT(call.end_status(), StatusIs(absl::StatusCode::kResourceExhausted));
  };
  bed.Send(Whole(1, "Ask", "x"));
  EXPECT_FALSE(taken);
  EXPECT_EQ(bed.status(1), "8");
  EXPECT_EQ(bed.shard().calls().counters().refused.value(), 1U);
}

TEST(FinishTest, WhatComesTooLateForTheHeaderOrTheTrailersIsRefused) {
  CallBed bed;
  bed.service.talk = [](Bidi& call) -> rpc::Task {
    EXPECT_TRUE(call.AddInitialMetadata("early", "1"));
    ExpectTrue(co_await call.Write(Says("one")));
    EXPECT_FALSE(call.AddInitialMetadata("late", "1"));
    EXPECT_FALSE(call.Compress(rpc::Encoding::kGzip));
    EXPECT_TRUE(call.AddTrailingMetadata("early", "1"));
    co_await call.Finish(absl::OkStatus());
    EXPECT_FALSE(call.AddTrailingMetadata("late", "1"));
  };
  bed.Send(Whole(1, "Talk", "x", {{"grpc-accept-encoding", "gzip"}}));
  EXPECT_EQ(bed.status(1), "0");
  EXPECT_THAT(bed.replies(1), ElementsAre("one"));
}

TEST(KeepTest, AnyNumberThatAClientChoosesIsCharged) {
  CallBed bed;
  bed.service.ask = [](Unary& call) -> rpc::Task {
    ExpectTrue(call.Keep(1000));
    EXPECT_FALSE(call.Keep(~std::size_t{0} - 100));
    EXPECT_THAT(call.end_status(), StatusIs(absl::StatusCode::kResourceExhausted));
    co_return;
  };
  bed.Send(Whole(1, "Ask", "x"));
  EXPECT_EQ(bed.status(1), "8");
}

TEST(TimeLeftTest, NoneIsLeftWhenItWasCappedToNothing) {
  CallBed bed;
  bed.service.ask = [](Unary& call) -> rpc::Task {
    call.LimitTime(-absl::Hours(1));
    EXPECT_EQ(call.time_left(), absl::ZeroDuration());
    EXPECT_FALSE(co_await call.Finish(Says("late")));
  };
  bed.Send(Whole(1, "Ask", "x"));
  EXPECT_EQ(bed.status(1), "4");
}

TEST(MetadataTest, IsDecodedOnce) {
  CallBed bed;
  bed.service.ask = [](Unary& call) -> rpc::Task {
    const std::vector<absl::string_view> first = call.MetadataValues("key-bin");
    const std::vector<absl::string_view> second = call.MetadataValues("key-bin");
    EXPECT_THAT(first, ElementsAre("hi"));
    EXPECT_EQ(second.at(0).data(), first.at(0).data());
    co_await call.Finish(Says("fine"));
  };
  bed.Send(Whole(1, "Ask", "x", {{"key-bin", "aGk"}}));
  EXPECT_EQ(bed.status(1), "0");
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
    bed.Send(Whole(stream, method, "x"));
    EXPECT_EQ(bed.status(stream), "13") << method;
    stream += 2;
  }
  EXPECT_THAT(bed.replies(3), ElementsAre("one"));
  EXPECT_THAT(bed.replies(7), ElementsAre("one"));
}

const std::string kMalformed("\0\0\0\0\3\x0a\1\xff", 8);

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
  bed.Send(Whole(1, "Talk", "x"));
  bed.Send(Begin(3, "Talk") + Data(3, kMalformed));
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
  bed.Send(Begin(1, "Talk") + Message(1, "good") + Data(1, kMalformed));
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
  Nobody nobody;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    rpc::Task reader = read(call);
    reader.Start(&nobody);
    ExpectFalse(co_await call.Sleep(absl::Hours(1)));
    ended.emplace_back("slept");
  };
  bed.Send(Begin(1, "Talk"));
  bed.Send(Data(1, kMalformed));
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
  bed.Send(Whole(1, "Collect", "x"));
  EXPECT_TRUE(went_on);
  EXPECT_EQ(bed.status(1), "8");
}

TEST(RefusedMessageTest, ACutWithinAMessageIsInternal) {
  CallBed bed;
  bed.service.ask = [](Unary&) -> rpc::Task {
    ADD_FAILURE() << "there is no message";
    co_return;
  };
  bed.Send(Begin(1, "Ask") + Data(1, std::string("\0\0\0\0\5abc", 8), kEndStream));
  EXPECT_EQ(bed.status(1), "13");
  bed.Send(Begin(3, "Ask") + Data(3, std::string("\0\0", 2), kEndStream));
  EXPECT_EQ(bed.status(3), "13");
}

TEST(RefusedMessageTest, AnythingButOneMessageIsUnimplementedWhereOneIsDue) {
  CallBed bed;
  bed.service.ask = [](Unary&) -> rpc::Task {
    ADD_FAILURE() << "not one message";
    co_return;
  };
  bed.Send(Begin(1, "Ask") + Data(1, "", kEndStream));
  EXPECT_EQ(bed.status(1), "12");
  bed.Send(Begin(3, "Ask") + Message(3, "one") + Message(3, "two", kEndStream));
  EXPECT_EQ(bed.status(3), "12");
  bed.Send(Begin(5, "Ask") + Message(5, "one") + Data(5, std::string("\0\0\0", 3), kEndStream));
  EXPECT_EQ(bed.status(5), "13");
}

}  // namespace
}  // namespace udsecho::testing
