// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The messages that a call reads: how compressed ones are unpacked, and how much memory is counted.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rpc/call/broadcast.h"
#include "rpc/wire/encoding.h"
#include "rpc/wire/message_reader.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"

namespace udsecho::testing {
namespace {

using http2::kEndStream;

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
  bed.Send(Begin(1, "Talk", {{"grpc-encoding", "gzip"}}) + Data(1, long_one));
  // In one round: the handler begins to unpack it, and then more comes, for which there is no room
  // where the first one lies.
  broadcast.Send();
  bed.peer().Send(Data(1, Packed(std::string(100'000, 'y'))));
  for (int i = 0; i < 50; ++i) bed.peer().Send(Message(1, std::string(500, 'z')));
  bed.peer().Send(Data(1, "", kEndStream));
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
    bed.peer().Send(Begin(1, "Talk", {{"grpc-encoding", "gzip"}}) +
                    Data(1, Packed(std::string(2 << 20, 'x'))));
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
  bed.Send(Begin(1, "Talk") + Data(1, std::string("\1\0\0\0\1x", 6)));
  EXPECT_EQ(bed.status(1), "13");
}

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
  bed.Send(Begin(1, "Talk"));
  const auto before = static_cast<std::size_t>(bed.account().memory.held());
  for (const std::size_t length : {1'000'000, 1, 100'000, 1, 20'000, 1, 1}) {
    bed.Send(Message(1, std::string(length, 'x')));
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
    bed.Send(Begin(stream, "Talk") + Message(stream, std::string(kLong, 'x')) +
             Data(stream, std::string(1, '\0')));
    EXPECT_LE(bed.account().memory.held(), kMemory / 8 * 5) << stream;
  }
  EXPECT_GT(read, 4);
  EXPECT_EQ(bed.status(39), "8");
}

}  // namespace
}  // namespace udsecho::testing
