// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/exit_code.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(ExitCodeTest, OkIsZeroAndSaysNothing) {
  const Outcome outcome = CallOutcome("Echo", "unix:/s", grpc::Status::OK);
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.error, IsEmpty());
}

TEST(ExitCodeTest, ACallThatFailedIsSixtyFourAndItsCode) {
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status status(static_cast<grpc::StatusCode>(code), "why");
    EXPECT_EQ(CallOutcome("Echo", "unix:/s", status).exit_code, 64 + code);
  }
}

TEST(ExitCodeTest, ACallThatFailedSaysWhatWhereAndWhy) {
  const grpc::Status status(grpc::StatusCode::DEADLINE_EXCEEDED, "no reply");
  EXPECT_THAT(CallOutcome("Chat", "unix:/s", status).error,
              AllOf(HasSubstr("Chat"), HasSubstr("unix:/s"), HasSubstr("DEADLINE_EXCEEDED"),
                    HasSubstr("no reply")));
}

TEST(ExitCodeTest, WhatIsNoGrpcServerIsAskedFor) {
  for (const grpc::Status& status :
       {grpc::Status(grpc::StatusCode::UNKNOWN, "Stream removed"),
        grpc::Status(grpc::StatusCode::INTERNAL, "Trying to connect an http1.x server"),
        grpc::Status(grpc::StatusCode::UNKNOWN, "it does not speak HTTP/2")}) {
    EXPECT_THAT(CallOutcome("Echo", "unix:/s", status).error, HasSubstr("does a gRPC server"));
  }
  EXPECT_THAT(CallOutcome("Echo", "unix:/s", grpc::Status(grpc::StatusCode::UNKNOWN, "x")).error,
              Not(HasSubstr("does a gRPC server")));
}

// What a server says of itself needs no hint about a connection.
TEST(ExitCodeTest, WhatToTryDependsOnWhoFailed) {
  const auto error = [](const char* text) {
    return CallOutcome("Echo", "unix:/s", grpc::Status(grpc::StatusCode::UNAVAILABLE, text)).error;
  };
  for (const char* text : {"Socket closed", "GOAWAY received", "Broken pipe", "Transport closed",
                           "recvmsg:Connection reset by peer"}) {
    EXPECT_THAT(error(text),
                testing::EndsWith("(the connection is gone; is the server still there?)"));
  }
  for (const char* text :
       {"oops", "", "the server stopped before the call was done; connect again and retry"}) {
    EXPECT_THAT(error(text), testing::EndsWith(text));
  }
}

TEST(ExitCodeTest, NamesAreThoseOfGrpc) {
  EXPECT_EQ(CodeName(grpc::StatusCode::CANCELLED), "CANCELLED");
  EXPECT_EQ(CodeName(grpc::StatusCode::INVALID_ARGUMENT), "INVALID_ARGUMENT");
  EXPECT_EQ(CodeName(grpc::StatusCode::RESOURCE_EXHAUSTED), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(CodeName(grpc::StatusCode::UNIMPLEMENTED), "UNIMPLEMENTED");
  EXPECT_EQ(CodeName(grpc::StatusCode::UNAVAILABLE), "UNAVAILABLE");
  EXPECT_EQ(CodeName(grpc::StatusCode::UNAUTHENTICATED), "UNAUTHENTICATED");
}

TEST(ExitCodeTest, WhatIsNoCodeOfGrpcIsUnknown) {
  for (const int code : {-1, 17, 31}) {  // 31 is the most that the enumeration can hold
    const Outcome outcome =
        CallOutcome("Echo", "unix:/s", grpc::Status(static_cast<grpc::StatusCode>(code), ""));
    EXPECT_EQ(outcome.exit_code, 64 + grpc::StatusCode::UNKNOWN);
    EXPECT_THAT(outcome.error, HasSubstr(std::to_string(code)));
  }
}

TEST(ExitCodeTest, WhatTheServerSaysCannotForgeALine) {
  const grpc::Status status(grpc::StatusCode::INTERNAL, "a\nclient: all is well\x1b[2J\r");
  const std::string error = CallOutcome("Echo", "unix:/s", status).error;
  for (const char byte : error) EXPECT_TRUE(byte >= 0x20 && byte < 0x7f) << error;
}

TEST(ExitCodeTest, NoConnectionIsThree) {
  for (const absl::Status& status :
       {absl::NotFoundError("x"), absl::UnavailableError("x"), absl::PermissionDeniedError("x"),
        absl::FailedPreconditionError("x"), absl::ResourceExhaustedError("x")}) {
    EXPECT_EQ(ConnectError(status).exit_code, 3) << status;
    EXPECT_EQ(ConnectError(status).error, "x");
  }
}

TEST(ExitCodeTest, NoConnectionInTimeIsATimeout) {
  EXPECT_EQ(ConnectError(absl::DeadlineExceededError("x")).exit_code, 68);
}

TEST(ExitCodeTest, ABadAddressIsBadUsage) {
  EXPECT_EQ(ConnectError(absl::InvalidArgumentError("x")).exit_code, 2);
}

TEST(ExitCodeTest, UsageAndLocalErrorsAreOneLine) {
  EXPECT_EQ(UsageError("a\nb").exit_code, 2);
  EXPECT_EQ(LocalIoError("a\nb").exit_code, 1);
  EXPECT_THAT(UsageError("a\nb").error, Not(HasSubstr("\n")));
  EXPECT_THAT(LocalIoError("a\nb").error, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace udsecho::client
