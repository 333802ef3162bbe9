// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on gRPC C++'s own server, for who needs no more than that: build/server unix:///tmp/sock1.
// It leaves out limits, credentials, responses that are compressed, and faults in the middle of streams.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>

#include "grpcpp/grpcpp.h"
#include "udsecho/v1/echo.grpc.pb.h"

namespace {

using udsecho::v1::EchoRequest;
using udsecho::v1::EchoResponse;

EchoResponse Answer(const std::string& message, const std::string& payload) {
  EchoResponse response;
  response.set_message(message);
  response.set_payload(payload);
  return response;
}

// Metadata that comes back.
void Return(grpc::ServerContext* context) {
  for (const auto& [key, value] : context->client_metadata()) {
    const std::string text(value.data(), value.size());
    if (key == "x-grpc-test-echo-initial")
      context->AddInitialMetadata("x-grpc-test-echo-initial", text);
    if (key == "x-grpc-test-echo-trailing-bin") {
      context->AddTrailingMetadata("x-grpc-test-echo-trailing-bin", text);
    }
  }
}

// Waits as long as the request says, on a thread of its own, and gives the status that it asks for.
template <typename Request>
grpc::Status Obey(grpc::ServerContext* context, const Request& request) {
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::seconds(request.delay().seconds()) +
                     std::chrono::nanoseconds(request.delay().nanos());
  while (std::chrono::steady_clock::now() < until && !context->IsCancelled()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (!request.has_fault()) return grpc::Status::OK;
  // A google.rpc.Status has a Fault's fields.
  const std::string details =
      request.fault().details().empty() ? "" : request.fault().SerializeAsString();
  return {static_cast<grpc::StatusCode>(request.fault().code()), request.fault().message(),
          details};
}

class EchoService final : public udsecho::v1::Echo::Service {
  grpc::Status Echo(grpc::ServerContext* context, const EchoRequest* request,
                    EchoResponse* response) override {
    Return(context);
    *response = Answer(request->message(), request->payload());
    return Obey(context, *request);
  }

  grpc::Status Expand(grpc::ServerContext* context, const udsecho::v1::ExpandRequest* request,
                      grpc::ServerWriter<EchoResponse>* responses) override {
    Return(context);
    if (const grpc::Status status = Obey(context, *request); !status.ok()) return status;
    std::istringstream words(request->message());
    for (std::string word; words >> word;) {
      if (!responses->Write(Answer(word, request->payload()))) break;  // the client went away
    }
    return grpc::Status::OK;
  }

  grpc::Status Collect(grpc::ServerContext* context, grpc::ServerReader<EchoRequest>* requests,
                       udsecho::v1::CollectResponse* response) override {
    Return(context);
    for (EchoRequest request; requests->Read(&request);) {
      if (const grpc::Status status = Obey(context, request); !status.ok()) return status;
      *response->mutable_message() += request.message();
      *response->mutable_payload() += request.payload();
      response->set_count(response->count() + 1);
    }
    response->set_bytes(
        static_cast<std::int64_t>(response->message().size() + response->payload().size()));
    return grpc::Status::OK;
  }

  grpc::Status Chat(grpc::ServerContext* context,
                    grpc::ServerReaderWriter<EchoResponse, EchoRequest>* messages) override {
    Return(context);
    for (EchoRequest request; messages->Read(&request);) {
      if (const grpc::Status status = Obey(context, request); !status.ok()) return status;
      if (!messages->Write(Answer(request.message(), request.payload()))) break;
    }
    return grpc::Status::OK;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " unix:///ABSOLUTE/PATH\n";
    return 2;
  }
  EchoService echo;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(argv[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&echo);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;  // gRPC has said why
  server->Wait();
  return 0;
}
