// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The wire of gRPC as a bench reads it, with servers made of bytes.

#include "client/bench/answer.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/http2/client_bed.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;
using Cause = http2::StreamEnding::Cause;

std::string Message(absl::string_view bytes) {
  return absl::StrCat(std::string(4, '\0'), std::string(1, static_cast<char>(bytes.size())), bytes);
}

class AnswerTest : public testing::Test {
 protected:
  CallStatus Status(Cause cause = Cause::kAnswered, std::uint32_t error_code = 0) {
    return answer_.StatusOf({.cause = cause, .error_code = error_code}, bed_.connection());
  }
  CallStatus StatusOf(const http2::Headers& headers) {
    answer_.Clear();
    for (const auto& [name, value] : headers) answer_.AddHeader(name, value);
    return Status();
  }

  http2::ClientBed bed_;
  Answer answer_;
};

TEST_F(AnswerTest, MessagesAreCountedHoweverTheyArrive) {
  const std::string bytes =
      absl::StrCat(Message("one"), Message(""), Message(std::string(100, 'x')));
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    answer_.Clear();
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      answer_.AddData(absl::string_view(bytes).substr(at, piece));
    }
    EXPECT_EQ(answer_.messages(), 3) << piece;
    EXPECT_EQ(answer_.bytes(), 103) << piece;
    EXPECT_FALSE(answer_.is_partial());
  }
}

TEST_F(AnswerTest, AMessageOfWhichAPartIsMissing) {
  for (const int missing : {1, 3, 5, 7}) {
    answer_.Clear();
    answer_.AddHeader("grpc-status", "0");
    const std::string message = Message("one");
    answer_.AddData(absl::string_view(message).substr(0, message.size() - missing));
    EXPECT_EQ(answer_.messages(), 0);
    EXPECT_EQ(Status().code, absl::StatusCode::kInternal);
  }
}

TEST_F(AnswerTest, AStatusAndItsText) {
  EXPECT_EQ(StatusOf({{":status", "200"}, {"grpc-status", "0"}}).code, absl::StatusCode::kOk);
  const CallStatus status = StatusOf(
      {{":status", "200"}, {"grpc-status", "5"}, {"grpc-message", "100%25 sch%C3%B6n%2 %zz%"}});
  EXPECT_EQ(status.code, absl::StatusCode::kNotFound);
  EXPECT_EQ(status.text, "100% schön%2 %zz%");
}

TEST_F(AnswerTest, WhatIsNoStatus) {
  for (const char* number : {"17", "-1", "99999999999", "", "x"}) {
    EXPECT_EQ(StatusOf({{"grpc-status", number}}).code, absl::StatusCode::kUnknown) << number;
  }
}

TEST_F(AnswerTest, ALongTextIsCut) {
  const CallStatus status =
      StatusOf({{"grpc-status", "13"}, {"grpc-message", std::string(100'000, 'x')}});
  EXPECT_EQ(status.text.size(), Answer::kMostOfAText);
}

TEST_F(AnswerTest, ByTheStatusOfHttp) {
  const std::vector<std::pair<std::string, absl::StatusCode>> codes = {
      {"200", absl::StatusCode::kUnknown},         {"400", absl::StatusCode::kInternal},
      {"401", absl::StatusCode::kUnauthenticated}, {"403", absl::StatusCode::kPermissionDenied},
      {"404", absl::StatusCode::kUnimplemented},   {"429", absl::StatusCode::kUnavailable},
      {"502", absl::StatusCode::kUnavailable},     {"503", absl::StatusCode::kUnavailable},
      {"504", absl::StatusCode::kUnavailable},     {"500", absl::StatusCode::kUnknown},
      {"abc", absl::StatusCode::kUnknown},
  };
  for (const auto& [http, code] : codes) {
    EXPECT_EQ(StatusOf({{":status", http}}).code, code) << http;
  }
  EXPECT_THAT(StatusOf({{":status", "404"}}).text, HasSubstr("404"));
  EXPECT_EQ(StatusOf({{":status", "404"}, {"grpc-status", "9"}}).code,
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(AnswerTest, AStreamThatWasReset) {
  EXPECT_EQ(Status(Cause::kReset, http2::kCancel).code, absl::StatusCode::kCancelled);
  EXPECT_EQ(Status(Cause::kReset, http2::kEnhanceYourCalm).code,
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Status(Cause::kReset, http2::kProtocolError).code, absl::StatusCode::kInternal);
  EXPECT_EQ(Status(Cause::kRefused).code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(Status(Cause::kMalformed).code, absl::StatusCode::kInternal);
}

TEST_F(AnswerTest, AConnectionThatWasLost) {
  bed_.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
  const CallStatus status = Status(Cause::kLost);
  EXPECT_EQ(status.code, absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.text, HasSubstr("http1"));
}

TEST_F(AnswerTest, WhyTheServerWentAwayIsTold) {
  bed_.Greet();
  bed_.Send(
      http2::FrameOf(http2::kGoAway, 0, 0, absl::StrCat(std::string(8, '\0'), "too_many_pings")));
  bed_.peer().Leave();
  bed_.Settle();
  EXPECT_THAT(Status(Cause::kLost).text, HasSubstr("too_many_pings"));
}

}  // namespace
}  // namespace udsecho::client
