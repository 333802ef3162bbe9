// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client of the Echo service on a Unix socket, with nothing but gRPC's generated stub:
// build/client unix:///tmp/sock1. One line a feature, "ok NAME" or "failed NAME: WHY".
#include <unistd.h>

#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/duration.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "udsecho/v1/echo.grpc.pb.h"

namespace {

using udsecho::v1::Echo;
using udsecho::v1::EchoRequest;
using udsecho::v1::EchoResponse;

// Without a deadline a call may wait for ever.
void LetTake(std::chrono::milliseconds timeout, grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + timeout);
}

void Expect(bool holds, const std::string& otherwise) {
  if (!holds) throw std::runtime_error(otherwise);
}

void ExpectOk(const grpc::Status& status) {
  Expect(status.ok(), std::to_string(status.error_code()) + " " + status.error_message());
}

EchoRequest Text(const std::string& message) {
  EchoRequest request;
  request.set_message(message);
  return request;
}

const std::string& Bytes() {
  static const std::string kBytes("\x00\xff", 2);
  return kBytes;
}

// One message there, one back.
void TestEcho(Echo::Stub& stub, grpc::ClientContext& context) {
  EchoRequest request = Text("hi");
  request.set_payload(Bytes());
  EchoResponse response;
  ExpectOk(stub.Echo(&context, request, &response));
  Expect(response.message() == "hi" && response.payload() == Bytes(), response.DebugString());
}

// One message there, many back: its words.
void TestExpand(Echo::Stub& stub, grpc::ClientContext& context) {
  udsecho::v1::ExpandRequest request;
  request.set_message("one two three");
  const auto responses = stub.Expand(&context, request);
  std::string words;
  for (EchoResponse response; responses->Read(&response);) words += response.message() + ";";
  ExpectOk(responses->Finish());
  Expect(words == "one;two;three;", words);
}

// Many messages there, one back.
void TestCollect(Echo::Stub& stub, grpc::ClientContext& context) {
  udsecho::v1::CollectResponse response;
  const auto requests = stub.Collect(&context, &response);
  requests->Write(Text("one"));
  requests->Write(Text("two"));
  requests->WritesDone();
  ExpectOk(requests->Finish());
  Expect(response.message() == "onetwo" && response.count() == 2, response.DebugString());
}

// Messages in both directions, in turn.
void TestChat(Echo::Stub& stub, grpc::ClientContext& context) {
  const auto call = stub.Chat(&context);
  EchoResponse response;
  for (const char* message : {"one", "two"}) {
    Expect(call->Write(Text(message)) && call->Read(&response), "the call ended");
    Expect(response.message() == message, response.DebugString());
  }
  call->WritesDone();
  Expect(!call->Read(&response), "one response too many");
  ExpectOk(call->Finish());
}

// Metadata comes back: before the response as text, after it as bytes.
void TestMetadata(Echo::Stub& stub, grpc::ClientContext& context) {
  context.AddMetadata("x-grpc-test-echo-initial", "first");
  context.AddMetadata("x-grpc-test-echo-trailing-bin", Bytes());
  EchoResponse response;
  ExpectOk(stub.Echo(&context, Text(""), &response));
  const auto& initial = context.GetServerInitialMetadata();
  const auto first = initial.find("x-grpc-test-echo-initial");
  Expect(first != initial.end() && first->second == "first", "no initial metadata");
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto last = trailing.find("x-grpc-test-echo-trailing-bin");
  Expect(last != trailing.end() && last->second == Bytes(), "no trailing metadata");
}

// A status other than OK, with details: a google.rpc.Status, which has Fault's fields.
void TestFault(Echo::Stub& stub, grpc::ClientContext& context) {
  google::protobuf::Duration sent;
  sent.set_seconds(7);
  EchoRequest request;
  request.mutable_fault()->set_code(grpc::StatusCode::NOT_FOUND);
  request.mutable_fault()->set_message("50 % gone: ü");
  request.mutable_fault()->add_details()->PackFrom(sent);
  EchoResponse response;
  const grpc::Status status = stub.Echo(&context, request, &response);
  Expect(status.error_code() == grpc::StatusCode::NOT_FOUND, "another code");
  Expect(status.error_message() == "50 % gone: ü", status.error_message());
  udsecho::v1::Fault rich;
  google::protobuf::Duration received;
  Expect(rich.ParseFromString(status.error_details()) && rich.details_size() == 1 &&
             rich.details(0).UnpackTo(&received) && received.seconds() == 7,
         "other details");
}

// A call that takes longer than its caller has time for.
void TestDeadline(Echo::Stub& stub, grpc::ClientContext& context) {
  LetTake(std::chrono::milliseconds(100), context);
  EchoRequest request;
  request.mutable_delay()->set_seconds(60);
  EchoResponse response;
  const grpc::Status status = stub.Echo(&context, request, &response);
  Expect(status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED, status.error_message());
}

void TestHealth(grpc::health::v1::Health::Stub& stub, grpc::ClientContext& context) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("udsecho.v1.Echo");
  grpc::health::v1::HealthCheckResponse response;
  ExpectOk(stub.Check(&context, request, &response));
  Expect(response.status() == grpc::health::v1::HealthCheckResponse::SERVING,
         response.DebugString());
}

// What the server sees of this process.
void TestWhoAmI(Echo::Stub& stub, grpc::ClientContext& context) {
  udsecho::v1::WhoAmIResponse me;
  ExpectOk(stub.WhoAmI(&context, {}, &me));
  Expect(me.uid() == getuid(), me.DebugString());
  std::cout << "# authority: " << me.authority() << '\n';
}

// Runs every feature; false if one failed.
bool RunAll(const std::string& target) {
  const auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  const auto stub = Echo::NewStub(channel);
  const auto health = grpc::health::v1::Health::NewStub(channel);
  using Feature = std::function<void(Echo::Stub&, grpc::ClientContext&)>;
  const std::vector<std::pair<std::string, Feature>> features = {
      {"echo", TestEcho},
      {"expand", TestExpand},
      {"collect", TestCollect},
      {"chat", TestChat},
      {"metadata", TestMetadata},
      {"fault", TestFault},
      {"deadline", TestDeadline},
      {"health", [&](Echo::Stub&, grpc::ClientContext& c) { TestHealth(*health, c); }},
      {"whoami", TestWhoAmI},
  };
  bool passed = true;
  for (const auto& [name, feature] : features) {
    grpc::ClientContext context;  // one a call
    LetTake(std::chrono::seconds(10), context);
    try {
      feature(*stub, context);
      std::cout << "ok " << name << '\n';
    } catch (const std::exception& error) {
      std::cout << "failed " << name << ": " << error.what() << '\n';
      passed = false;
    }
  }
  return passed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " unix:///ABSOLUTE/PATH\n";
    return 2;
  }
  return RunAll(argv[1]) ? 0 : 1;
}
