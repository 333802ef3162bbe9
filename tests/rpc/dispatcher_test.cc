// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// From a request's header to its call or its refusal.

#include "rpc/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"

namespace udsecho::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr char kPath[] = "/udsecho.testing.v1.Probe/Ask";

class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest() {
    bed_.service.ask = [this](Unary& call) -> rpc::Task {
      ++calls_;
      metadata_.clear();
      for (const http2::Header& one : call.metadata()) {
        metadata_.emplace_back(std::string(one.name), std::string(one.value));
      }
      co_await call.Finish(Reply());
    };
  }

  // Sends a request of these fields and one message. The response.
  const http2::Response& Ask(const http2::Headers& headers) {
    stream_ += 2;
    bed_.Send(http2::HeadersFrame(stream_, headers, http2::kEndHeaders) +
              Message(stream_, "x", http2::kEndStream));
    return bed_.peer().response(stream_);
  }

  static http2::Headers Fields(const std::string& method, const std::string& path,
                               const std::string& content_type, const http2::Headers& more = {}) {
    http2::Headers headers = {{":method", method},
                              {":scheme", "http"},
                              {":path", path},
                              {":authority", "localhost"},
                              {"te", "trailers"}};
    if (!content_type.empty()) headers.emplace_back("content-type", content_type);
    headers.insert(headers.end(), more.begin(), more.end());
    return headers;
  }
  static http2::Headers Call(const http2::Headers& more = {}) {
    return Fields("POST", kPath, "application/grpc", more);
  }

  std::string status() { return bed_.status(stream_); }
  std::string message() { return bed_.message(stream_); }

  CallBed bed_{{.max_metadata_bytes = 2048}};
  std::uint32_t stream_ = static_cast<std::uint32_t>(-1);
  int calls_ = 0;
  http2::Headers metadata_;
};

TEST_F(DispatcherTest, ACallReachesItsHandlerWithItsMetadata) {
  EXPECT_EQ(Ask(Call({{"grpc-timeout", "10S"},
                      {"user-agent", "test"},
                      {"x-plain", "a"},
                      {"x-plain", "b"},
                      {"x-bin", "AAE=,/w"}}))
                .status(),
            "200");
  EXPECT_EQ(status(), "0");
  EXPECT_THAT(metadata_,
              ElementsAre(Pair("user-agent", "test"), Pair("x-plain", "a"), Pair("x-plain", "b"),
                          Pair("x-bin", std::string("\0\1", 2)), Pair("x-bin", "\xff")));
}

TEST_F(DispatcherTest, AnotherMethodIs405WithASentence) {
  for (const char* method : {"GET", "PUT", "DELETE", "OPTIONS"}) {
    const http2::Response& response = Ask(Fields(method, "/", ""));
    EXPECT_EQ(response.status(), "405");
    EXPECT_THAT(response.body, HasSubstr("gRPC"));
    EXPECT_TRUE(response.ended);
  }
  EXPECT_EQ(calls_, 0);
}

// RFC 9110, 9.3.2.
TEST_F(DispatcherTest, HeadGetsNoBody) {
  const http2::Response& response = Ask(Fields("HEAD", "/", ""));
  EXPECT_EQ(response.status(), "405");
  EXPECT_THAT(response.body, IsEmpty());
  EXPECT_TRUE(response.ended);
}

TEST_F(DispatcherTest, AnotherContentTypeIs415) {
  for (const char* type : {"", "application/json", "application/grpc-web", "text/plain"}) {
    EXPECT_EQ(Ask(Fields("POST", kPath, type)).status(), "415") << type;
  }
  EXPECT_EQ(calls_, 0);
}

TEST_F(DispatcherTest, APathThatIsNotServedIsUnimplemented) {
  for (const char* path : {"/", "/udsecho.testing.v1.Probe", "/udsecho.testing.v1.Probe/",
                           "/udsecho.testing.v1.Probe/ask", "/udsecho.testing.v1.Probe/Ask/",
                           "/udsecho.testing.v1.Probe/Ask?x", "/other.Service/Ask"}) {
    Ask(Fields("POST", path, "application/grpc"));
    EXPECT_EQ(status(), "12") << path;
  }
  EXPECT_EQ(calls_, 0);
}

TEST_F(DispatcherTest, AMalformedTimeoutOrBinaryValueIsInternalAndNamed) {
  for (const char* timeout : {"", "10", "10x", "-1S", "123456789S"}) {
    Ask(Call({{"grpc-timeout", timeout}}));
    EXPECT_EQ(status(), "13") << timeout;
    EXPECT_THAT(message(), HasSubstr("grpc-timeout"));
  }
  Ask(Call({{"x-some-bin", "!"}}));
  EXPECT_EQ(status(), "13");
  EXPECT_THAT(message(), HasSubstr("x-some-bin"));
  EXPECT_EQ(calls_, 0);
}

TEST_F(DispatcherTest, MetadataOverTheLimitIsRefusedAndTheNextCallIsNot) {
  Ask(Call({{"x-long", std::string(2048, 'x')}}));
  EXPECT_EQ(status(), "8");
  EXPECT_THAT(message(), HasSubstr("2048"));
  EXPECT_EQ(calls_, 0);
  Ask(Call());
  EXPECT_EQ(status(), "0");
  EXPECT_EQ(bed_.shard().calls().counters().refused.value(), 1U);
  EXPECT_EQ(bed_.shard().calls().counters().begun.value(), 2U);
}

// Although the message is not compressed.
TEST_F(DispatcherTest, AnEncodingThatIsNotKnownIsUnimplementedAndTheKnownOnesAreNamed) {
  for (const char* encoding : {"", "zstd", "GZIP", "gzip,deflate"}) {
    const http2::Response& response = Ask(Call({{"grpc-encoding", encoding}}));
    EXPECT_EQ(status(), "12") << encoding;
    EXPECT_THAT(response.header, Contains(Pair("grpc-accept-encoding", "identity,deflate,gzip")));
  }
  EXPECT_EQ(calls_, 0);
  Ask(Call({{"grpc-encoding", "gzip"}}));
  EXPECT_EQ(status(), "0");
}

}  // namespace
}  // namespace udsecho::testing
