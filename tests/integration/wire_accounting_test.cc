// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a call takes of a limit comes back however the call ends, and what is over a limit is
// refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "tests/integration/calls.h"
#include "tests/integration/wire_test.h"
#include "tests/support/patience.h"
#include "udsecho/v1/admin.grpc.pb.h"

namespace udsecho::security {
namespace {

constexpr std::size_t kMiB = 1 << 20;

class AccountingTest : public WireTest {
 protected:
  void ServeAndConnectAdmin(const std::vector<std::string>& flags) {
    Serve(flags);
    admin_ = v1::Admin::NewStub(integration::Connect(server().path()));
  }

  v1::StatsResponse Stats() {
    grpc::ClientContext context;
    v1::StatsResponse response;
    EXPECT_TRUE(admin_->Stats(&context, {}, &response).ok());
    return response;
  }

  // Of the connection over which a raw peer has made its calls: the last but the one of admin_.
  v1::Connection Find(const std::function<bool(const v1::Connection&)>& is_it) {
    grpc::ClientContext context;
    v1::ConnectionsResponse response;
    EXPECT_TRUE(admin_->Connections(&context, {}, &response).ok());
    for (const v1::Connection& one : response.connections()) {
      if (is_it(one)) return one;
    }
    return {};
  }

  // Until so many calls are in flight, and the one that asks.
  void AwaitInFlight(std::uint32_t calls) {
    const support::Deadline deadline;
    while (Stats().calls_in_flight() > calls + 1 && !deadline.IsOver()) {
    }
    EXPECT_EQ(Stats().calls_in_flight(), calls + 1);
  }

  // A thousand calls, five at a time, each begun before it is reset.
  static void CancelAThousand(RawPeer* peer,
                              const std::function<std::string(std::uint32_t stream)>& call) {
    constexpr int kAtOnce = 5;
    std::uint32_t stream = 1;
    for (int i = 0; i < 1000 / kAtOnce; ++i) {
      std::string resets;
      for (int j = 0; j < kAtOnce; ++j, stream += 2) {
        ASSERT_TRUE(peer->Send(call(stream)));
        resets += ResetFrame(stream);
      }
      // Answered after they have begun; and the next after they have ended, or there is no room.
      ASSERT_TRUE(IsAlive(peer, stream)) << "after " << i * kAtOnce;
      stream += 2;
      ASSERT_TRUE(peer->Send(resets));
      while (!IsAlive(peer, stream)) {
        stream += 2;
        ASSERT_LT(stream, 1U << 20);
      }
      stream += 2;
    }
  }

  // A Collect that keeps so many bytes: of many messages, as the last one counts besides.
  static bool Keep(RawPeer* peer, std::uint32_t stream, std::size_t bytes) {
    constexpr std::size_t kMessage = kMiB / 16;
    if (!peer->Send(Request(stream, kCollect))) return false;
    const std::string message = GrpcMessage(EchoRequest(std::string(kMessage, 'x')));
    for (std::size_t kept = 0; kept < bytes; kept += kMessage) {
      if (!peer->SendData(stream, message)) return false;
    }
    return true;
  }

  // Exactly so many calls of one uid are served at once.
  void ExpectFullShare(std::uint32_t calls) {
    AwaitInFlight(0);
    RawPeer peer = Connect();
    std::string frames;
    for (std::uint32_t i = 0; i <= calls; ++i) frames += LongCall(2 * i + 1);
    ASSERT_TRUE(peer.Send(frames));
    EXPECT_EQ(peer.AwaitStatus(2 * calls + 1), kResourceExhaustedStatus);
    for (std::uint32_t i = 0; i < calls; ++i) EXPECT_FALSE(peer.reply(2 * i + 1).ended) << i;
    peer.Close();
    AwaitInFlight(0);
  }

 private:
  std::unique_ptr<v1::Admin::Stub> admin_;
};

struct Kind {
  std::string name;
  std::function<std::string(std::uint32_t stream)> call;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

// ExpandRequest.count is field 5: a million answers, of which the window holds up most.
std::string Million() { return EchoRequest(std::string(1000, 'x')) + "\x28\xc0\x84\x3d"; }

// A thousand of them are more than a uid may have, so that one that is not given back is missed.
std::string TenKilobytes() { return std::string(10'000, 'x'); }

class CancelTest : public AccountingTest, public ::testing::WithParamInterface<Kind> {};

INSTANTIATE_TEST_SUITE_P(
    Thousand, CancelTest,
    ::testing::Values(
        Kind{"Unary",
             [](auto stream) {
               return Call(stream, kEcho, DelayedEchoRequest(TenKilobytes(), 600));
             }},
        Kind{"UnaryWithoutItsMessage", [](auto stream) { return Request(stream, kEcho); }},
        Kind{"UnaryWithHalfAMessage",
             [](auto stream) {
               return Request(stream, kEcho) + DataFrame(stream, GrpcPrefix(1000) + "half");
             }},
        Kind{"Chat",
             [](auto stream) {
               return Request(stream, kChat) +
                      DataFrame(stream, GrpcMessage(EchoRequest(TenKilobytes())));
             }},
        Kind{"ChatThatWaits",
             [](auto stream) {
               return Request(stream, kChat) +
                      DataFrame(stream, GrpcMessage(DelayedEchoRequest(TenKilobytes(), 600)));
             }},
        Kind{"CollectThatKeeps",
             [](auto stream) {
               return Request(stream, kCollect) +
                      DataFrame(stream, GrpcMessage(EchoRequest(TenKilobytes())));
             }},
        Kind{"ExpandThatIsHeldUp", [](auto stream) { return Call(stream, kExpand, Million()); }}),
    [](const auto& info) { return info.param.name; });

// Bytes, calls in flight and the place of each are given back.
TEST_P(CancelTest, LeavesNothingBehind) {
  constexpr std::uint32_t kCalls = 10;
  ServeAndConnectAdmin(
      {absl::StrCat("--max_calls_per_uid=", kCalls), "--max_memory=16MiB", "--max_message=4MiB"});
  const v1::StatsResponse before = Stats();
  {
    // Held-up answers leave the connection's window to the others.
    RawPeer peer = Connect({{kInitialWindowSize, 1000}});
    ASSERT_TRUE(peer.Send(WindowUpdateFrame(0, 1 << 30)));
    CancelAThousand(&peer, GetParam().call);
    AwaitInFlight(0);
    const v1::Connection seen = Find([](const auto& one) { return one.calls() > 1000; });
    EXPECT_GT(seen.calls(), 1000U);
    EXPECT_EQ(seen.calls_in_flight(), 0U);
    EXPECT_GE(Stats().calls_begun(), before.calls_begun() + 1000);
  }
  ExpectFullShare(kCalls);
  // Of memory it has half of what there is.
  RawPeer peer = Connect();
  for (const std::uint32_t stream : {1, 3, 5}) {
    ASSERT_TRUE(Keep(&peer, stream, 2 * kMiB));
  }
  ASSERT_TRUE(IsAlive(&peer, 7));
  for (const std::uint32_t stream : {1, 3, 5})
    EXPECT_FALSE(peer.reply(stream).ended) << stream << ": " << peer.MessageOf(stream);
}

TEST_F(AccountingTest, ConnectionTellsOfItsCallsInFlight) {
  ServeAndConnectAdmin({});
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(LongCall(1) + Request(3, kChat)) && IsAlive(&peer, 5));
  const auto is_it = [](const v1::Connection& one) { return one.calls() == 3; };
  EXPECT_EQ(Find(is_it).calls_in_flight(), 2U);
  ASSERT_TRUE(peer.Send(ResetFrame(1)));
  const support::Deadline deadline;
  while (Find(is_it).calls_in_flight() > 1 && !deadline.IsOver()) {
  }
  EXPECT_EQ(Find(is_it).calls_in_flight(), 1U);
  ASSERT_TRUE(peer.Send(ResetFrame(3)));
  while (Find(is_it).calls_in_flight() > 0 && !deadline.IsOver()) {
  }
  EXPECT_EQ(Find(is_it).calls_in_flight(), 0U);
  EXPECT_EQ(Find(is_it).calls(), 3U);
}

// A deadline that passes gives back what a reset does.
TEST_F(AccountingTest, DeadlinesLeaveNothingBehind) {
  constexpr std::uint32_t kCalls = 10;
  ServeAndConnectAdmin({absl::StrCat("--max_calls_per_uid=", kCalls)});
  RawPeer peer = Connect();
  std::uint32_t stream = 1;
  for (int i = 0; i < 20; ++i) {
    std::vector<std::uint32_t> streams;
    for (std::uint32_t j = 0; j < kCalls; ++j, stream += 2) {
      streams.push_back(stream);
      ASSERT_TRUE(
          peer.Send(Call(stream, kEcho, DelayedEchoRequest("x", 600), {{"grpc-timeout", "1m"}})));
    }
    for (const std::uint32_t one : streams) {
      EXPECT_EQ(peer.AwaitStatus(one), kDeadlineExceededStatus);
    }
    AwaitInFlight(0);
  }
  ExpectFullShare(kCalls);
}

// gzip's form of `bytes`, which begins with the flag of a compressed message.
std::string Gzipped(const std::string& bytes) {
  z_stream zip = {};
  constexpr int kGzip = 16 + MAX_WBITS;
  EXPECT_EQ(
      deflateInit2(&zip, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY),
      Z_OK);
  std::string packed(deflateBound(&zip, bytes.size()), '\0');
  // NOLINTNEXTLINE(*-const-cast): zlib only reads, but does not say so
  zip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  zip.avail_in = bytes.size();
  zip.next_out = reinterpret_cast<Bytef*>(packed.data());
  zip.avail_out = packed.size();
  EXPECT_EQ(deflate(&zip, Z_FINISH), Z_STREAM_END);
  packed.resize(zip.total_out);
  deflateEnd(&zip);
  std::string message = GrpcMessage(packed);
  message[0] = 1;
  return message;
}

// Of 16 MiB half is for messages, and all of that one uid's while no other is there.
class ShareTest : public AccountingTest {
 protected:
  void SetUp() override { ServeAndConnectAdmin({"--max_memory=16MiB", "--max_message=4MiB"}); }
};

TEST_F(ShareTest, WhatAHandlerKeepsCounts) {
  RawPeer peer = Connect();
  for (const std::uint32_t stream : {1, 3}) {
    ASSERT_TRUE(Keep(&peer, stream, 3 * kMiB));
  }
  Keep(&peer, 5, 3 * kMiB);  // it may be refused before all has come
  EXPECT_EQ(peer.AwaitStatus(5), kResourceExhaustedStatus);
  EXPECT_NE(peer.MessageOf(5), "");
  for (const std::uint32_t stream : {1, 3})
    EXPECT_FALSE(peer.reply(stream).ended) << stream << ": " << peer.MessageOf(stream);
  // It may be had again once another has ended.
  ASSERT_TRUE(peer.Send(ResetFrame(1)));
  AwaitInFlight(1);
  ASSERT_TRUE(Keep(&peer, 7, 3 * kMiB));
  EXPECT_TRUE(IsAlive(&peer, 9));
  EXPECT_FALSE(peer.reply(7).ended);
}

// Some kilobytes that become three MiB each: what counts is what they become.
TEST_F(ShareTest, WhatAMessageUnfoldsToCounts) {
  RawPeer peer = Connect();
  const std::string request = DelayedEchoRequest(std::string(3 * kMiB, 'x'), 600);
  const std::string packed = Gzipped(request);
  ASSERT_LT(packed.size(), 16'000U);
  for (const std::uint32_t stream : {1, 3, 5}) {
    ASSERT_TRUE(peer.Send(Request(stream, kEcho, {{"grpc-encoding", "gzip"}}) +
                          DataFrame(stream, packed, kEndStream)));
  }
  EXPECT_EQ(peer.AwaitStatus(5), kResourceExhaustedStatus);
  for (const std::uint32_t stream : {1, 3})
    EXPECT_FALSE(peer.reply(stream).ended) << stream << ": " << peer.MessageOf(stream);
}

}  // namespace
}  // namespace udsecho::security
