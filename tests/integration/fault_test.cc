// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A status that the caller asked for, on every shape and in the middle of streams.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

const char* const kSpecial = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n %";

v1::Fault Fault(grpc::StatusCode code, int after_messages = 0) {
  v1::Fault fault;
  fault.set_code(code);
  fault.set_message(kSpecial);
  fault.set_after_messages(after_messages);
  return fault;
}

v1::EchoRequest Faulty(const v1::Fault& fault) {
  v1::EchoRequest request = Message("x");
  *request.mutable_fault() = fault;
  return request;
}

void ExpectFault(const grpc::Status& status, grpc::StatusCode code) {
  EXPECT_EQ(status.error_code(), code);
  EXPECT_EQ(status.error_message(), kSpecial);
}

class FaultTest : public ::testing::Test {
 protected:
  // How many replies come before the stream ends with `*status`.
  int Chat(const std::vector<v1::EchoRequest>& requests, grpc::Status* status) {
    grpc::ClientContext context;
    auto stream = stub_->Chat(&context);
    int replies = 0;
    v1::EchoResponse response;
    for (const v1::EchoRequest& request : requests) {
      if (!stream->Write(request) || !stream->Read(&response)) break;
      ++replies;
    }
    stream->WritesDone();
    while (stream->Read(&response)) ++replies;
    *status = stream->Finish();
    return replies;
  }

  grpc::Status Collect(const std::vector<v1::EchoRequest>& requests) {
    grpc::ClientContext context;
    auto writer = stub_->Collect(&context, &collected_);
    for (const v1::EchoRequest& request : requests) writer->Write(request);
    writer->WritesDone();
    return writer->Finish();
  }

  int Expand(int count, const v1::Fault& fault, grpc::Status* status) {
    v1::ExpandRequest request;
    request.set_count(count);
    *request.mutable_fault() = fault;
    grpc::ClientContext context;
    auto stream = stub_->Expand(&context, request);
    v1::EchoResponse response;
    int responses = 0;
    while (stream->Read(&response)) ++responses;
    *status = stream->Finish();
    return responses;
  }

  ServerProcess server_;
  std::shared_ptr<grpc::Channel> channel_ = Connect(server_.path());
  std::unique_ptr<v1::Echo::Stub> stub_ = v1::Echo::NewStub(channel_);
  v1::CollectResponse collected_;
};

TEST_F(FaultTest, EveryCode) {
  for (int code = 1; code <= 16; ++code) {
    const auto wanted = static_cast<grpc::StatusCode>(code);
    ExpectFault(Echo(channel_, Faulty(Fault(wanted))).status, wanted);
  }
}

TEST_F(FaultTest, OutOfRange) {
  for (const v1::Fault& wrong : {v1::Fault(), Fault(static_cast<grpc::StatusCode>(17)),
                                 Fault(grpc::StatusCode::ABORTED, -1)}) {
    constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
    grpc::Status status;
    EXPECT_EQ(Echo(channel_, Faulty(wrong)).status.error_code(), kInvalid);
    Expand(1, wrong, &status);
    EXPECT_EQ(status.error_code(), kInvalid);
    EXPECT_EQ(Collect({Faulty(wrong)}).error_code(), kInvalid);
    EXPECT_EQ(Chat({Message("x"), Faulty(wrong)}, &status), 1);
    EXPECT_EQ(status.error_code(), kInvalid);
  }
}

TEST_F(FaultTest, EchoHasNoMiddle) {
  EXPECT_EQ(Echo(channel_, Faulty(Fault(grpc::StatusCode::ABORTED, 1))).status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(FaultTest, DelayComesFirst) {
  v1::EchoRequest request = Delayed("x", 50);
  *request.mutable_fault() = Fault(grpc::StatusCode::ABORTED);
  const auto start = std::chrono::steady_clock::now();
  ExpectFault(Echo(channel_, request).status, grpc::StatusCode::ABORTED);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
}

TEST_F(FaultTest, ExpandFailsAfterSoManyResponses) {
  grpc::Status status;
  EXPECT_EQ(Expand(5, Fault(grpc::StatusCode::DATA_LOSS, 3), &status), 3);
  ExpectFault(status, grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(Expand(5, Fault(grpc::StatusCode::DATA_LOSS), &status), 0);
  ExpectFault(status, grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(Expand(2, Fault(grpc::StatusCode::DATA_LOSS, 3), &status), 2);
  ExpectFault(status, grpc::StatusCode::DATA_LOSS);
}

TEST_F(FaultTest, ChatFailsAfterSoManyMore) {
  const v1::EchoRequest plain = Message("x");
  grpc::Status status;
  EXPECT_EQ(Chat({plain, Faulty(Fault(grpc::StatusCode::ABORTED)), plain}, &status), 1);
  ExpectFault(status, grpc::StatusCode::ABORTED);
  // The message that brings it is the first of two.
  EXPECT_EQ(Chat({plain, Faulty(Fault(grpc::StatusCode::ABORTED, 2)), plain, plain}, &status), 3);
  ExpectFault(status, grpc::StatusCode::ABORTED);
}

TEST_F(FaultTest, StreamThatEndsBeforeItHasNone) {
  grpc::Status status;
  EXPECT_EQ(Chat({Faulty(Fault(grpc::StatusCode::ABORTED, 2))}, &status), 1);
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(Collect({Faulty(Fault(grpc::StatusCode::ABORTED, 2))}).ok());
  EXPECT_EQ(collected_.count(), 1);
}

TEST_F(FaultTest, LaterOneTakesItsPlace) {
  grpc::Status status;
  EXPECT_EQ(Chat({Faulty(Fault(grpc::StatusCode::ABORTED, 2)),
                  Faulty(Fault(grpc::StatusCode::NOT_FOUND, 3)), Message("x"), Message("x")},
                 &status),
            4);
  ExpectFault(status, grpc::StatusCode::NOT_FOUND);
}

TEST_F(FaultTest, CollectFails) {
  const v1::EchoRequest plain = Message("x");
  ExpectFault(Collect({plain, Faulty(Fault(grpc::StatusCode::ABORTED))}),
              grpc::StatusCode::ABORTED);
  ExpectFault(Collect({Faulty(Fault(grpc::StatusCode::ABORTED, 2)), plain}),
              grpc::StatusCode::ABORTED);
}

TEST_F(FaultTest, DetailsComeAsARpcStatus) {
  v1::Fault fault = Fault(grpc::StatusCode::ABORTED);
  fault.add_details()->PackFrom(Message("why"));
  fault.mutable_details(0)->mutable_value()->append(4000, '\0');  // near the limit
  const grpc::Status status = Echo(channel_, Faulty(fault)).status;
  ExpectFault(status, grpc::StatusCode::ABORTED);
  // google.rpc.Status has the same numbers for code, message and details.
  v1::Fault received;
  ASSERT_TRUE(received.ParseFromString(status.error_details()));
  EXPECT_EQ(received.SerializeAsString(), fault.SerializeAsString());
  EXPECT_EQ(Echo(channel_, Faulty(Fault(grpc::StatusCode::ABORTED))).status.error_details(), "");
}

// In the trailers of streams too, after messages and before them.
TEST_F(FaultTest, DetailsComeAfterMessages) {
  const v1::EchoRequest plain = Message("x");
  for (const int after : {0, 2}) {
    v1::Fault fault = Fault(grpc::StatusCode::ABORTED, after);
    fault.add_details()->PackFrom(Message("why"));
    fault.add_details()->PackFrom(Message("and why else"));
    v1::Fault expected = fault;
    expected.clear_after_messages();
    const auto expect_details = [&](const grpc::Status& status) {
      ExpectFault(status, grpc::StatusCode::ABORTED);
      EXPECT_EQ(status.error_details(), expected.SerializeAsString()) << "after " << after;
    };
    grpc::Status status;
    EXPECT_EQ(Expand(5, fault, &status), after);
    expect_details(status);
    EXPECT_EQ(Chat({Faulty(fault), plain, plain}, &status), after);
    expect_details(status);
    expect_details(Collect({Faulty(fault), plain, plain}));
  }
}

TEST_F(FaultTest, LargestMessageOrDetailsArrive) {
  v1::Fault fault = Fault(grpc::StatusCode::ABORTED);
  fault.add_details()->set_value(std::string(4093, '\xff'));
  ASSERT_EQ(fault.details(0).ByteSizeLong(), 4096U);
  EXPECT_EQ(Echo(channel_, Faulty(fault)).status.error_details(), fault.SerializeAsString());
  fault.clear_details();
  fault.set_message(std::string(1024, '\n'));  // three bytes each on the wire
  EXPECT_EQ(Echo(channel_, Faulty(fault)).status.error_message(), fault.message());
}

}  // namespace
}  // namespace udsecho::integration
