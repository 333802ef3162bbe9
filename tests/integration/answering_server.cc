// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/integration/answering_server.h"

#include <grpc/grpc.h>

#include <chrono>
#include <utility>

namespace udsecho::integration {
namespace {

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

class Call final : public grpc::ServerGenericBidiReactor {
 public:
  Call(std::string method, const AnsweringServer::Answer& answer)
      : method_(std::move(method)), answer_(answer) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish({});
    AnsweringServer::Answers answers = answer_(method_, BytesOf(request_));
    if (!answers.has_value()) return Finish({grpc::StatusCode::UNIMPLEMENTED, "no such method"});
    answers_ = *std::move(answers);
    next_ = 0;
    OnWriteDone(true);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish({});
    if (next_ == answers_.size()) return StartRead(&request_);
    const grpc::Slice slice(answers_[next_++]);
    response_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&response_);
  }
  void OnDone() override { delete this; }

 private:
  const std::string method_;
  const AnsweringServer::Answer& answer_;
  std::vector<std::string> answers_;
  std::size_t next_ = 0;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

}  // namespace

AnsweringServer::AnsweringServer(Answer answer) : answer_(std::move(answer)) {
  // Held to the end: gRPC's last shutdown may wait 10 s for a thread that finished a blocked write.
  static const bool kHeld = (grpc_init(), true);
  static_cast<void>(kHeld);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + path(), grpc::InsecureServerCredentials());
  builder.RegisterCallbackGenericService(this);
  server_ = builder.BuildAndStart();
}

AnsweringServer::~AnsweringServer() { server_->Shutdown(std::chrono::system_clock::now()); }

grpc::ServerGenericBidiReactor* AnsweringServer::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  return new Call(context->method(), answer_);
}

}  // namespace udsecho::integration
