// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tools/bench/peers/cpp_callback/callback_service.h"

#include <grpcpp/alarm.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "tools/bench/peers/answers.h"

namespace peers {
namespace {

using udsecho::v1::CollectResponse;
using udsecho::v1::EchoRequest;
using udsecho::v1::EchoResponse;
using udsecho::v1::ExpandRequest;

class Expander final : public grpc::ServerWriteReactor<EchoResponse> {
 public:
  explicit Expander(const ExpandRequest& request) : expansion_(request) { WriteNext(); }

  void OnWriteDone(bool ok) override {
    if (!ok) {
      Finish(grpc::Status::CANCELLED);
    } else if (expansion_.interval().count() == 0 || expansion_.at_end()) {
      WriteNext();
    } else {
      alarm_.Set(std::chrono::system_clock::now() + expansion_.interval(),
                 [this](bool /*ok*/) { WriteNext(); });
    }
  }

  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    if (expansion_.Next(&response_)) {
      StartWrite(&response_);
    } else {
      Finish(grpc::Status::OK);
    }
  }

  Expansion expansion_;
  EchoResponse response_;
  grpc::Alarm alarm_;
};

class Collector final : public grpc::ServerReadReactor<EchoRequest> {
 public:
  explicit Collector(CollectResponse* response) : response_(response) { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    Add(request_, response_);
    StartRead(&request_);
  }

  void OnDone() override { delete this; }

 private:
  CollectResponse* const response_;
  EchoRequest request_;
};

class Chatter final : public grpc::ServerBidiReactor<EchoRequest, EchoResponse> {
 public:
  Chatter() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    Reply(request_, &response_);
    StartWrite(&response_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&request_);
  }

  void OnDone() override { delete this; }

 private:
  EchoRequest request_;
  EchoResponse response_;
};

}  // namespace

grpc::ServerUnaryReactor* CallbackService::Echo(grpc::CallbackServerContext* context,
                                                const EchoRequest* request,
                                                EchoResponse* response) {
  Reply(*request, response);
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<EchoResponse>* CallbackService::Expand(
    grpc::CallbackServerContext* /*context*/, const ExpandRequest* request) {
  return new Expander(*request);
}

grpc::ServerReadReactor<EchoRequest>* CallbackService::Collect(
    grpc::CallbackServerContext* /*context*/, CollectResponse* response) {
  return new Collector(response);
}

grpc::ServerBidiReactor<EchoRequest, EchoResponse>* CallbackService::Chat(
    grpc::CallbackServerContext* /*context*/) {
  return new Chatter();
}

int Serve(int argc, char** argv, grpc::ServerBuilder* builder) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " SOCKET_PATH\n";
    return 2;
  }
  CallbackService service;
  builder->AddListeningPort("unix:" + std::string(argv[1]), grpc::InsecureServerCredentials());
  builder->SetMaxReceiveMessageSize(kMaxMessage);
  builder->RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder->BuildAndStart();
  if (server == nullptr) return 1;
  server->Wait();
  return 0;
}

}  // namespace peers
