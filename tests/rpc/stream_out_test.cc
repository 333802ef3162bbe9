// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Handlers that call streaming methods of another service (rpc/outgoing/stream_out.h), which a server of
// gRPC's own has.

#include "rpc/outgoing/stream_out.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "rpc/call/when.h"
#include "tests/rpc/stream_out_bed.h"
#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

using grpc::StatusCode;
using support::IsOk;
using support::StatusIs;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Stub = v1::Probe::Stub;

v1::ProbeRequest Asks(const std::string& text, int count = 0) {
  v1::ProbeRequest request;
  request.set_text(text);
  request.set_count(count);
  return request;
}

v1::ProbeReply Says(const std::string& text) {
  v1::ProbeReply reply;
  reply.set_text(text);
  return reply;
}

// All that a stream gives.
template <class Reader>
std::vector<std::string> ReadAll(Reader& reader) {
  std::vector<std::string> texts;
  v1::ProbeReply reply;
  while (reader.Read(&reply)) texts.push_back(reply.text());
  return texts;
}

class StreamOutTest : public ::testing::Test {
 protected:
  StreamOutBed bed_;
  grpc::ClientContext context_;
};

TEST_F(StreamOutTest, AServerStreamIsRead) {
  bed_.Start();
  const auto reader = bed_.stub()->Expand(&context_, Asks("m", 3));
  EXPECT_THAT(ReadAll(*reader), ElementsAre("m0", "m1", "m2"));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(StreamOutTest, AClientStreamIsWritten) {
  bed_.Start();
  v1::ProbeReply reply;
  const auto writer = bed_.stub()->Collect(&context_, &reply);
  for (const char* text : {"a", "b", "c"}) writer->Write(Asks(text));
  writer->WritesDone();
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(reply.text(), "abc");
}

TEST_F(StreamOutTest, AChatIsRelayed) {
  bed_.Start();
  const auto stream = bed_.stub()->Talk(&context_);
  v1::ProbeReply reply;
  for (int i = 0; i < 100; ++i) {
    stream->Write(Asks(std::to_string(i)));
    ASSERT_TRUE(stream->Read(&reply));
    EXPECT_EQ(reply.text(), std::to_string(i));
  }
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(bed_.back().words().Hear(), Word::kWaited);
}

TEST_F(StreamOutTest, AnErrorComesAfterTheMessages) {
  bed_.back().expand = [](grpc::ServerContext&, const v1::ProbeRequest&, Back::Writer& writer) {
    writer.Write(Says("one"));
    return grpc::Status(StatusCode::ABORTED, "enough");
  };
  bed_.Start();
  const auto reader = bed_.stub()->Expand(&context_, Asks("m"));
  EXPECT_THAT(ReadAll(*reader), ElementsAre("one"));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::ABORTED);
  EXPECT_EQ(status.error_message(), "enough");
}

// The caller does not half-close before it has the status.
TEST_F(StreamOutTest, ABackThatTakesNoMoreEndsTheChat) {
  bed_.back().talk = [](grpc::ServerContext&, Back::Stream& stream) {
    v1::ProbeRequest request;
    stream.Read(&request);
    return grpc::Status(StatusCode::RESOURCE_EXHAUSTED, "one is enough");
  };
  bed_.Start();
  const auto stream = bed_.stub()->Talk(&context_);
  stream->Write(Asks("a"));
  EXPECT_THAT(ReadAll(*stream), IsEmpty());
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(StreamOutTest, AWriteToACallThatHasEndedIsFalseAndFinishSaysWhy) {
  bed_.back().collect = [](grpc::ServerContext&, Back::Reader&, v1::ProbeReply*) {
    return grpc::Status(StatusCode::PERMISSION_DENIED, "no");
  };
  absl::Status status;
  bed_.front().collect = [&](Front::Collecting& call, Stub& back) -> rpc::Task {
    auto out = rpc::CallOut(call, back.async(), &Stub::async::Collect);
    const v1::ProbeRequest request = Asks(std::string(10'000, 'x'));
    while (co_await out.Write(request)) {
    }
    const bool half_closed = co_await out.WritesDone();
    EXPECT_FALSE(half_closed);
    const absl::StatusOr<v1::ProbeReply> reply = co_await out.Finish();
    status = reply.status();
    co_await call.Finish(v1::ProbeReply());
  };
  bed_.Start();
  v1::ProbeReply reply;
  const auto writer = bed_.stub()->Collect(&context_, &reply);
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied, "no"));
}

TEST_F(StreamOutTest, FinishHalfClosesAndDiscardsTheRest) {
  bed_.front().talk = [](Front::Talking& call, Stub& back) -> rpc::Task {
    auto out = rpc::CallOut(call, back.async(), &Stub::async::Talk);
    const v1::ProbeRequest request = Asks(std::string(50'000, 'x'));
    for (int i = 0; i < 20; ++i) {
      // Or else neither takes the other's messages.
      v1::ProbeReply reply;
      if (i % 2 == 0) co_await out.Read(&reply);
      co_await out.Write(request);
    }
    const absl::Status status = co_await out.Finish();
    EXPECT_THAT(status, IsOk());
    const absl::Status again = co_await out.Finish();
    EXPECT_THAT(again, IsOk());
    co_await call.Finish(status);
  };
  // Answers before it is asked, so that there is something to read.
  bed_.back().talk = [](grpc::ServerContext&, Back::Stream& stream) {
    for (int i = 0; i < 20; ++i) stream.Write(Says(std::string(1'000, 'y')));
    v1::ProbeRequest request;
    int read = 0;
    while (stream.Read(&request)) ++read;
    return read == 20 ? grpc::Status::OK : grpc::Status(StatusCode::INTERNAL, "lost");
  };
  bed_.Start();
  EXPECT_TRUE(bed_.stub()->Talk(&context_)->Finish().ok());
}

TEST_F(StreamOutTest, TraceAndDeadlineArePassedOn) {
  std::promise<std::pair<std::string, std::chrono::system_clock::time_point>> seen;
  bed_.back().expand = [&](grpc::ServerContext& context, const v1::ProbeRequest&, Back::Writer&) {
    std::string metadata;
    for (const auto& [key, value] : context.client_metadata()) {
      const std::string name(key.begin(), key.end());
      if (name == "traceparent" || name == "x-other") metadata.append(value.begin(), value.end());
    }
    seen.set_value({metadata, context.deadline()});
    return grpc::Status::OK;
  };
  bed_.Start();
  context_.AddMetadata("traceparent", "00-a-b-01");
  context_.AddMetadata("x-other", "secret");
  const auto deadline = std::chrono::system_clock::now() + std::chrono::hours(1);
  context_.set_deadline(deadline);
  const auto reader = bed_.stub()->Expand(&context_, Asks("m"));
  EXPECT_TRUE(reader->Finish().ok());
  const auto [metadata, deadline_there] = seen.get_future().get();
  EXPECT_EQ(metadata, "00-a-b-01");
  EXPECT_GT(deadline_there, deadline - std::chrono::minutes(10));
  EXPECT_LT(deadline_there, deadline + std::chrono::minutes(10));
}

TEST_F(StreamOutTest, TheDeadlineEndsBoth) {
  bed_.Start();
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  context_.set_wait_for_ready(true);
  const auto stream = bed_.stub()->Talk(&context_);
  // Which may be the end already.
  v1::ProbeReply reply;
  const bool began = stream->Write(Asks("a")) && stream->Read(&reply);
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::DEADLINE_EXCEEDED);
  if (began) {
    EXPECT_EQ(bed_.back().words().Hear(), Word::kInterrupted);
  }
}

TEST_F(StreamOutTest, ACallThatIsCancelledCancelsTheOneAtTheBack) {
  bed_.Start();
  const auto stream = bed_.stub()->Talk(&context_);
  v1::ProbeReply reply;
  stream->Write(Asks("a"));
  ASSERT_TRUE(stream->Read(&reply));
  context_.TryCancel();
  EXPECT_EQ(bed_.back().words().Hear(), Word::kInterrupted);
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::CANCELLED);
}

TEST_F(StreamOutTest, ADrainCutsItOff) {
  bed_.Start();
  const auto stream = bed_.stub()->Talk(&context_);
  v1::ProbeReply reply;
  stream->Write(Asks("a"));
  ASSERT_TRUE(stream->Read(&reply));
  bed_.front_server().Stop(absl::ZeroDuration());
  EXPECT_EQ(bed_.back().words().Hear(), Word::kInterrupted);
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(StreamOutTest, ABackThatGoesAwayEndsTheCall) {
  bed_.Start();
  const auto stream = bed_.stub()->Talk(&context_);
  v1::ProbeReply reply;
  stream->Write(Asks("a"));
  ASSERT_TRUE(stream->Read(&reply));
  bed_.StopBack();
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_THAT(stream->Finish().error_code(), AnyOf(StatusCode::UNAVAILABLE, StatusCode::CANCELLED));
}

TEST_F(StreamOutTest, ABackThatIsNotThereIsUnavailable) {
  bed_.Start();
  bed_.StopBack();
  const auto stream = bed_.stub()->Talk(&context_);
  EXPECT_THAT(ReadAll(*stream), IsEmpty());
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(StreamOutTest, AStreamThatGoesOutOfScopeIsCancelled) {
  bed_.front().talk = [](Front::Talking& call, Stub& back) -> rpc::Task {
    {
      auto out = rpc::CallOut(call, back.async(), &Stub::async::Talk);
      const v1::ProbeRequest request = Asks("a");
      co_await out.Write(request);
      v1::ProbeReply reply;
      const bool came = co_await out.Read(&reply);
      EXPECT_TRUE(came);
    }
    co_await call.Finish(absl::OkStatus());
  };
  bed_.Start();
  EXPECT_TRUE(bed_.stub()->Talk(&context_)->Finish().ok());
  EXPECT_EQ(bed_.back().words().Hear(), Word::kInterrupted);
}

TEST_F(StreamOutTest, AMessageStaysForTheNextRead) {
  std::vector<std::string> texts;
  bed_.front().talk = [&](Front::Talking& call, Stub& back) -> rpc::Task {
    auto out = rpc::CallOut(call, back.async(), &Stub::async::Talk);
    v1::ProbeReply reply;
    const auto first = co_await rpc::WhenAny(out.Read(&reply), call.Sleep(absl::Microseconds(1)));
    EXPECT_EQ(first.index(), 1);  // nothing was written
    for (const char* text : {"a", "b"}) {
      const v1::ProbeRequest request = Asks(text);
      co_await out.Write(request);
    }
    for (int i = 0; i < 2; ++i) {
      co_await out.Read(&reply);
      texts.push_back(reply.text());
    }
    const absl::Status status = co_await out.Finish();
    co_await call.Finish(status);
  };
  bed_.Start();
  EXPECT_TRUE(bed_.stub()->Talk(&context_)->Finish().ok());
  EXPECT_THAT(texts, ElementsAre("a", "b"));
}

// Messages of 64 KiB. What gRPC itself holds on their way is far less than half.
constexpr int kMany = 512;
constexpr int kSize = 64 * 1024;

// Round trips, in which the other direction could go on if nothing held it.
rpc::Task Linger(rpc::Call& call, Stub& back) {
  const v1::ProbeRequest request = Asks("x");
  for (int i = 0; i < 50; ++i) {
    const absl::StatusOr<v1::ProbeReply> reply =
        co_await rpc::CallOut(call, back.async(), &Stub::async::Ask, request);
    EXPECT_THAT(reply, IsOk());
  }
}

TEST_F(StreamOutTest, AHandlerThatDoesNotReadHoldsTheBackUp) {
  std::atomic<int> written = 0;
  int written_before = 0;
  int read = 0;
  bed_.back().expand = [&](grpc::ServerContext&, const v1::ProbeRequest&, Back::Writer& writer) {
    const v1::ProbeReply reply = Says(std::string(kSize, 'x'));
    for (; written < kMany; ++written) writer.Write(reply);
    return grpc::Status::OK;
  };
  bed_.front().expand = [&](Front::Expanding& call, Stub& back) -> rpc::Task {
    auto out = rpc::CallOut(call, back.async(), &Stub::async::Expand, call.request());
    v1::ProbeReply reply;
    bool came = co_await out.Read(&reply);
    co_await Linger(call, back);
    written_before = written;
    for (; came; ++read) came = co_await out.Read(&reply);
    const absl::Status status = co_await out.Finish();
    co_await call.Finish(status);
  };
  bed_.Start();
  EXPECT_TRUE(bed_.stub()->Expand(&context_, Asks("m"))->Finish().ok());
  EXPECT_LT(written_before, kMany / 2);
  EXPECT_EQ(read, kMany);
}

TEST_F(StreamOutTest, ABackThatDoesNotReadHoldsTheHandlerUp) {
  std::promise<void> read_now;
  int read = 0;
  bed_.back().collect = [&](grpc::ServerContext&, Back::Reader& reader, v1::ProbeReply*) {
    read_now.get_future().wait();
    v1::ProbeRequest request;
    while (reader.Read(&request)) ++read;
    return grpc::Status::OK;
  };
  int written = 0;
  bed_.front().collect = [&](Front::Collecting& call, Stub& back) -> rpc::Task {
    auto out = rpc::CallOut(call, back.async(), &Stub::async::Collect);
    const v1::ProbeRequest request = Asks(std::string(kSize, 'x'));
    const auto write = [&](int most) -> rpc::Task {
      while (written < most) {
        const bool went = co_await out.Write(request);
        if (!went) break;
        ++written;
      }
    };
    // The write that waits is given up with its task, and sends nothing.
    co_await rpc::WhenAny(write(kMany), Linger(call, back));
    EXPECT_LT(written, kMany / 2);
    read_now.set_value();
    co_await write(kMany);
    const absl::StatusOr<v1::ProbeReply> reply = co_await out.Finish();
    co_await call.Finish(reply);
  };
  bed_.Start();
  v1::ProbeReply reply;
  EXPECT_TRUE(bed_.stub()->Collect(&context_, &reply)->Finish().ok());
  EXPECT_EQ(written, kMany);
  EXPECT_EQ(read, kMany);
}

// Calls end at any moment of theirs: what gRPC still does then finds all that it needs.
TEST_F(StreamOutTest, CallsThatAreCancelledAnywhereLeaveNothing) {
  bed_.Start();
  constexpr int kCalls = 300;
  for (int i = 0; i < kCalls; ++i) {
    grpc::ClientContext context;
    const auto stream = bed_.stub()->Talk(&context);
    v1::ProbeReply reply;
    // The number of messages that are written, and of those that are awaited.
    for (int j = 0; j < i % 4; ++j) stream->Write(Asks("a"));
    for (int j = 0; j < i % 3 && j < i % 4; ++j) stream->Read(&reply);
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), StatusCode::CANCELLED);
  }
  const auto stream = bed_.stub()->Talk(&context_);
  stream->Write(Asks("last"));
  stream->WritesDone();
  EXPECT_THAT(ReadAll(*stream), ElementsAre("last"));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(OperationDeathTest, ASecondUserIsAMistake) {
  rpc::Operation read;
  const rpc::Operation::User one(&read, "two reads");
  EXPECT_DEATH(rpc::Operation::User(&read, "two reads"), "two reads");
}

}  // namespace
}  // namespace udsecho::testing
