// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rpc/wire/metadata.h"
#include "rpc/wire/status.h"
#include "tests/support/status_matchers.h"

namespace udsecho {
namespace {

using support::IsOk;
using support::StatusIs;
using ::testing::HasSubstr;

v1::Fault Fault(int code, const std::string& message = "", int after_messages = 0) {
  v1::Fault fault;
  fault.set_code(code);
  fault.set_message(message);
  fault.set_after_messages(after_messages);
  return fault;
}

void ExpectRefused(const v1::Fault& fault, const std::string& field) {
  EXPECT_THAT(Check(fault), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
}

v1::EchoRequest With(const v1::Fault& fault) {
  v1::EchoRequest request;
  *request.mutable_fault() = fault;
  return request;
}

TEST(FaultTest, CodeIsOneOfGrpcsOtherThanOk) {
  for (int code = 1; code <= 16; ++code) EXPECT_THAT(Check(Fault(code)), IsOk());
  for (const int code : {-1, 0, 17}) ExpectRefused(Fault(code), "code");
}

TEST(FaultTest, MessageOf1024Bytes) {
  EXPECT_THAT(Check(Fault(1, std::string(1024, 'x'))), IsOk());
  ExpectRefused(Fault(1, std::string(1025, 'x')), "message");
}

TEST(FaultTest, OneDetailOf4096Bytes) {
  v1::Fault fault = Fault(1);
  fault.add_details()->set_value(std::string(4093, 'x'));
  ASSERT_EQ(fault.details(0).ByteSizeLong(), 4096U);
  EXPECT_THAT(Check(fault), IsOk());
  fault.mutable_details(0)->mutable_value()->push_back('x');
  ExpectRefused(fault, "details");
}

TEST(FaultTest, DetailsOf4096Bytes) {
  v1::Fault fault = Fault(1);
  // Two bytes are counted between them.
  for (int i = 0; i < 2; ++i) fault.add_details()->set_value(std::string(2044, 'x'));
  ASSERT_EQ(fault.details(0).ByteSizeLong(), 2047U);
  EXPECT_THAT(Check(fault), IsOk());
  fault.mutable_details(1)->mutable_value()->push_back('x');
  ExpectRefused(fault, "details");
}

TEST(FaultTest, EmptyDetailsAreTwoBytesApart) {
  v1::Fault fault = Fault(1);
  for (int i = 0; i < 2049; ++i) fault.add_details();
  EXPECT_THAT(Check(fault), IsOk());
  fault.add_details();
  ExpectRefused(fault, "details");
}

TEST(FaultTest, AfterAMillionMessages) {
  EXPECT_THAT(Check(Fault(1, "", 1'000'000)), IsOk());
  ExpectRefused(Fault(1, "", 1'000'001), "after_messages");
  ExpectRefused(Fault(1, "", -1), "after_messages");
}

// What is sent beside grpc-status and grpc-message, decoded.
std::string DetailsSentOf(const absl::Status& status) {
  const rpc::wire::StatusFields fields(status);
  std::vector<http2::Field> trailers;
  fields.AddTo(&trailers);
  for (const http2::Field& field : trailers) {
    if (field.name != "grpc-status-details-bin") continue;
    const auto decoded = rpc::wire::DecodeBinary(field.value);
    EXPECT_TRUE(decoded.has_value());
    return decoded.has_value() ? decoded->front() : "";
  }
  return "";
}

TEST(FaultTest, DetailsAreSentAsARpcStatus) {
  v1::Fault fault = Fault(9, "text", 3);
  EXPECT_EQ(DetailsSentOf(ToStatus(fault)), "");
  fault.add_details()->set_type_url("t/u");
  EXPECT_THAT(ToStatus(fault), StatusIs(absl::StatusCode::kFailedPrecondition, "text"));
  // google.rpc.Status: 1 code, 2 message, 3 details.
  EXPECT_EQ(DetailsSentOf(ToStatus(fault)), "\x08\x09\x12\x04text\x1a\x05\x0a\x03t/u");
}

TEST(FaultTest, DetailsAreSentInTheirOrder) {
  v1::Fault fault = Fault(9);
  for (const char* type : {"t/z", "t/a", "t/z"}) fault.add_details()->set_type_url(type);
  EXPECT_EQ(DetailsSentOf(ToStatus(fault)),
            "\x08\x09\x1a\x05\x0a\x03t/z\x1a\x05\x0a\x03t/a\x1a\x05\x0a\x03t/z");
}

TEST(PendingFaultTest, IsDueAtOnceOrAfterSomeAnswers) {
  PendingFault fault;
  EXPECT_FALSE(fault.due());
  fault.Answered();
  EXPECT_FALSE(fault.due());
  fault.Take(With(Fault(5, "now")));
  EXPECT_TRUE(fault.due());
  fault.Take(With(Fault(6, "later", 2)));
  EXPECT_FALSE(fault.due());
  fault.Answered();
  EXPECT_FALSE(fault.due());
  fault.Answered();
  EXPECT_TRUE(fault.due());
  EXPECT_THAT(fault.status(), StatusIs(absl::StatusCode::kAlreadyExists, "later"));
}

TEST(PendingFaultTest, ALaterOneTakesItsPlace) {
  PendingFault fault;
  fault.Take(With(Fault(5, "first", 1)));
  fault.Take(v1::EchoRequest());  // has none, and changes nothing
  fault.Take(With(Fault(6, "second", 2)));
  fault.Answered();
  EXPECT_FALSE(fault.due());
  fault.Answered();
  EXPECT_TRUE(fault.due());
  EXPECT_EQ(fault.status().message(), "second");
}

}  // namespace
}  // namespace udsecho
