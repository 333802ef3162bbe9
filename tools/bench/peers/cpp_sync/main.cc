// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on gRPC's synchronous API: cpp_sync SOCKET_PATH

#include <grpcpp/grpcpp.h>

#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "tools/bench/peers/answers.h"
#include "udsecho/v1/echo.grpc.pb.h"

namespace peers {
namespace {

using grpc::Status;
using udsecho::v1::CollectResponse;
using udsecho::v1::EchoRequest;
using udsecho::v1::EchoResponse;
using udsecho::v1::ExpandRequest;

class EchoService final : public udsecho::v1::Echo::Service {
  Status Echo(grpc::ServerContext* /*context*/, const EchoRequest* request,
              EchoResponse* response) override {
    Reply(*request, response);
    return Status::OK;
  }

  Status Expand(grpc::ServerContext* /*context*/, const ExpandRequest* request,
                grpc::ServerWriter<EchoResponse>* writer) override {
    Expansion expansion(*request);
    EchoResponse response;
    for (bool first = true; expansion.Next(&response); first = false) {
      if (!first && expansion.interval().count() > 0) {
        std::this_thread::sleep_for(expansion.interval());
      }
      if (!writer->Write(response)) break;
    }
    return Status::OK;
  }

  Status Collect(grpc::ServerContext* /*context*/, grpc::ServerReader<EchoRequest>* reader,
                 CollectResponse* response) override {
    EchoRequest request;
    while (reader->Read(&request)) Add(request, response);
    return Status::OK;
  }

  Status Chat(grpc::ServerContext* /*context*/,
              grpc::ServerReaderWriter<EchoResponse, EchoRequest>* stream) override {
    EchoRequest request;
    EchoResponse response;
    while (stream->Read(&request)) {
      Reply(request, &response);
      if (!stream->Write(response)) break;
    }
    return Status::OK;
  }
};

int Serve(const std::string& path) {
  EchoService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  server->Wait();
  return 0;
}

}  // namespace
}  // namespace peers

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: cpp_sync SOCKET_PATH\n";
    return 2;
  }
  return peers::Serve(argv[1]);
}
