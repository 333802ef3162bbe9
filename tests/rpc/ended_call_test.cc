// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a program is told of each call: CallHooks.

#include "rpc/call/ended_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <any>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"

namespace udsecho::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Seen {
  std::string path;
  absl::StatusCode code;
  absl::Duration duration;
  std::uint64_t bytes_received;
  std::uint64_t bytes_sent;
};

class EndedCallTest : public ::testing::Test {
 protected:
  EndedCallTest() {
    bed_.clock.Advance(absl::Seconds(1));
    const auto into = [](std::vector<Seen>* all) {
      return [all](const rpc::EndedCall& call) {
        all->push_back({std::string(call.path), call.status.code(), call.duration,
                        call.bytes_received, call.bytes_sent});
        EXPECT_EQ(call.connection.id, 1U);
      };
    };
    bed_.hooks.ended = into(&ended_);
    bed_.hooks.refused = into(&refused_);
    bed_.service.ask = [](Unary& call) -> rpc::Task { co_await call.Finish(Says("yes")); };
    bed_.service.talk = [](Bidi& call) -> rpc::Task {
      Request request;
      while (co_await call.Read(&request)) {
      }
      co_await call.Finish(absl::OkStatus());
    };
  }

  std::vector<Seen> ended_;
  std::vector<Seen> refused_;
  CallBed bed_;
};

TEST_F(EndedCallTest, HasWhatAnAccessLogWants) {
  bed_.Send(Begin(1, "Ask"));
  bed_.clock.Advance(absl::Milliseconds(5));
  bed_.Send(Message(1, "12345", http2::kEndStream));
  EXPECT_EQ(bed_.status(1), "0");
  ASSERT_THAT(ended_, SizeIs(1));
  EXPECT_THAT(ended_[0].path, EndsWith("/Ask"));
  EXPECT_EQ(ended_[0].code, absl::StatusCode::kOk);
  EXPECT_EQ(ended_[0].duration, absl::Milliseconds(5));
  EXPECT_EQ(ended_[0].bytes_received, 7U);  // with a tag and a length
  EXPECT_EQ(ended_[0].bytes_sent, 5U);
  EXPECT_THAT(refused_, IsEmpty());
}

TEST_F(EndedCallTest, TellsOfAClientThatLeaves) {
  bed_.Send(Begin(1, "Talk"));
  EXPECT_THAT(ended_, IsEmpty());
  bed_.Leave();
  ASSERT_THAT(ended_, SizeIs(1));
  EXPECT_EQ(ended_[0].code, absl::StatusCode::kCancelled);
  EXPECT_THAT(refused_, IsEmpty());
}

TEST_F(EndedCallTest, TellsOfADeadlineWhichIsNoRefusal) {
  bed_.Send(Begin(1, "Talk", {{"grpc-timeout", "10m"}}));
  bed_.clock.Advance(absl::Milliseconds(11));
  bed_.Settle();
  ASSERT_THAT(ended_, SizeIs(1));
  EXPECT_EQ(ended_[0].code, absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(refused_, IsEmpty());
}

TEST_F(EndedCallTest, TellsOfRefusalsOnceBeforeThereIsAHandlerAndAfter) {
  bed_.Send(Begin(1, "NoSuch"));
  bed_.Send(Whole(3, "Ask", "x", {{"content-type", "text/plain"}}));
  bed_.Send(Begin(5, "Talk") + Data(5, std::string("\7\0\0\0\0", 5), http2::kEndStream));
  EXPECT_THAT(refused_, SizeIs(3));
  EXPECT_THAT(ended_, SizeIs(3));
  std::vector<absl::StatusCode> codes;
  for (const Seen& seen : ended_) codes.push_back(seen.code);
  EXPECT_THAT(codes, ElementsAre(absl::StatusCode::kUnimplemented, absl::StatusCode::kUnknown,
                                 absl::StatusCode::kInternal));
}

TEST_F(EndedCallTest, HasTheCallsMetadata) {
  std::string id;
  bed_.hooks.ended = [&](const rpc::EndedCall& call) {
    ASSERT_NE(call.call, nullptr);
    id = std::string(call.call->MetadataValues("request-id").at(0));
  };
  bed_.Send(Whole(1, "Ask", "x", {{"request-id", "7"}}));
  EXPECT_EQ(id, "7");
}

TEST_F(EndedCallTest, OneThatNeverWasHasNone) {
  bool told = false;
  bed_.hooks.ended = [&](const rpc::EndedCall& call) {
    EXPECT_EQ(call.call, nullptr);
    told = true;
  };
  bed_.Send(Begin(1, "NoSuch"));
  EXPECT_TRUE(told);
}

// CallHooks::begin.
class BeginHookTest : public EndedCallTest {
 protected:
  BeginHookTest() {
    bed_.hooks.begin = [this](rpc::Call& call) {
      begun_.emplace_back(call.path());
      if (!call.MetadataValues("refuse").empty()) return absl::PermissionDeniedError("not you");
      call.AddTrailingMetadata("begun", "yes");
      call.LimitTime(absl::Seconds(10));
      return absl::OkStatus();
    };
  }

  std::vector<std::string> begun_;
};

TEST_F(BeginHookTest, SeesEachCallThatHasAHandler) {
  bed_.Send(Whole(1, "Ask", "x"));
  bed_.Send(Begin(3, "Talk"));
  bed_.Send(Begin(5, "NoSuch"));
  EXPECT_THAT(begun_, ElementsAre(EndsWith("/Ask"), EndsWith("/Talk")));
  EXPECT_EQ(bed_.status(1), "0");
}

TEST_F(BeginHookTest, MayRefuse) {
  bed_.service.ask = [](Unary& call) -> rpc::Task {
    ADD_FAILURE() << "the handler ran";
    co_await call.Finish(Says("x"));
  };
  bed_.Send(Whole(1, "Ask", "x", {{"refuse", "me"}}));
  EXPECT_EQ(bed_.status(1), "7");
  EXPECT_EQ(bed_.message(1), "not you");
  EXPECT_THAT(refused_, SizeIs(1));
  EXPECT_THAT(ended_, SizeIs(1));
  EXPECT_EQ(ended_[0].code, absl::StatusCode::kPermissionDenied);
}

TEST_F(BeginHookTest, LeavesSomethingForTheHandlerAndTheEnd) {
  std::string at_the_end;
  bed_.hooks.begin = [](rpc::Call& call) {
    EXPECT_FALSE(call.attachment().has_value());
    call.attachment() = std::string("Ada");
    return absl::OkStatus();
  };
  bed_.hooks.ended = [&](const rpc::EndedCall& call) {
    at_the_end = *std::any_cast<std::string>(&call.call->attachment());
  };
  bed_.service.ask = [](Unary& call) -> rpc::Task {
    co_await call.Finish(Says(*std::any_cast<std::string>(&call.attachment())));
  };
  bed_.Send(Whole(1, "Ask", "x"));
  EXPECT_THAT(bed_.replies(1), ElementsAre("Ada"));
  EXPECT_EQ(at_the_end, "Ada");
}

TEST_F(BeginHookTest, CapsTheDeadline) {
  std::vector<absl::Duration> left;
  bed_.service.talk = [&](Bidi& call) -> rpc::Task {
    left.push_back(call.time_left());
    co_await call.Sleep(absl::Hours(1));
  };
  bed_.Send(Begin(1, "Talk"));
  bed_.Send(Begin(3, "Talk", {{"grpc-timeout", "1M"}}));
  bed_.Send(Begin(5, "Talk", {{"grpc-timeout", "1S"}}));
  EXPECT_THAT(left, ElementsAre(absl::Seconds(10), absl::Seconds(10), absl::Seconds(1)));
  bed_.clock.Advance(absl::Seconds(1));
  bed_.Settle();
  EXPECT_EQ(bed_.status(5), "4");
  EXPECT_EQ(bed_.status(1), "");
  bed_.clock.Advance(absl::Seconds(9));
  bed_.Settle();
  EXPECT_EQ(bed_.status(1), "4");
  EXPECT_EQ(bed_.status(3), "4");
}

}  // namespace
}  // namespace udsecho::testing
