// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on one completion queue and one thread, each call a state machine written by
// hand: what gRPC's library gives at best. cpp_queue SOCKET_PATH

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/synchronization/mutex.h"
#include "tools/bench/peers/answers.h"
#include "udsecho/v1/echo.grpc.pb.h"

namespace peers {
namespace {

using udsecho::v1::CollectResponse;
using udsecho::v1::EchoRequest;
using udsecho::v1::EchoResponse;
using udsecho::v1::ExpandRequest;

using Service = udsecho::v1::Echo::AsyncService;
using Queue = grpc::ServerCompletionQueue;

// Waits for one call of its kind, serves it, and ends itself. Has one operation under way at a
// time, and is its tag.
class Call {
 public:
  Call(Service* service, Queue* queue) : service_(service), queue_(queue) {}
  virtual ~Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void Proceed(bool ok) {
    if (finishing_ || (!ok && !started_)) {
      delete this;
    } else if (started_) {
      Continue(ok);
    } else {
      started_ = true;
      AwaitAnother();
      Begin();
    }
  }

 protected:
  virtual void AwaitAnother() = 0;
  virtual void Begin() = 0;
  virtual void Continue(bool ok) = 0;

  Service* service() { return service_; }
  Queue* queue() { return queue_; }
  grpc::ServerContext* context() { return &context_; }

  // The tag of the operation that ends the call.
  Call* Last() {
    finishing_ = true;
    return this;
  }

 private:
  Service* const service_;
  Queue* const queue_;
  grpc::ServerContext context_;
  bool started_ = false;
  bool finishing_ = false;
};

class EchoCall final : public Call {
 public:
  EchoCall(Service* service, Queue* queue) : Call(service, queue) {
    service->RequestEcho(context(), &request_, &responder_, queue, queue, this);
  }

 private:
  void AwaitAnother() override { new EchoCall(service(), queue()); }

  void Begin() override {
    Reply(request_, &response_);
    responder_.Finish(response_, grpc::Status::OK, Last());
  }

  void Continue(bool /*ok*/) override {}

  EchoRequest request_;
  EchoResponse response_;
  grpc::ServerAsyncResponseWriter<EchoResponse> responder_{context()};
};

class ExpandCall final : public Call {
 public:
  ExpandCall(Service* service, Queue* queue) : Call(service, queue) {
    service->RequestExpand(context(), &request_, &writer_, queue, queue, this);
  }

 private:
  void AwaitAnother() override { new ExpandCall(service(), queue()); }

  void Begin() override {
    expansion_.emplace(request_);
    WriteNext();
  }

  void Continue(bool ok) override {
    if (!ok) return writer_.Finish(grpc::Status::CANCELLED, Last());
    if (waiting_ || expansion_->interval().count() == 0) return WriteNext();
    waiting_ = true;
    alarm_.Set(queue(), std::chrono::system_clock::now() + expansion_->interval(), this);
  }

  void WriteNext() {
    waiting_ = false;
    if (!expansion_->Next(&response_)) return writer_.Finish(grpc::Status::OK, Last());
    grpc::WriteOptions options;
    if (expansion_->at_end()) {
      return writer_.WriteAndFinish(response_, options, grpc::Status::OK, Last());
    }
    // More comes at once: they can go out together. (The headers cannot wait with the first: its
    // write would not be done before they are out.)
    if (!first_ && expansion_->interval().count() == 0) options.set_buffer_hint();
    first_ = false;
    writer_.Write(response_, options, this);
  }

  ExpandRequest request_;
  EchoResponse response_;
  std::optional<Expansion> expansion_;
  bool first_ = true;
  bool waiting_ = false;
  grpc::Alarm alarm_;
  grpc::ServerAsyncWriter<EchoResponse> writer_{context()};
};

class CollectCall final : public Call {
 public:
  CollectCall(Service* service, Queue* queue) : Call(service, queue) {
    service->RequestCollect(context(), &reader_, queue, queue, this);
  }

 private:
  void AwaitAnother() override { new CollectCall(service(), queue()); }

  void Begin() override { reader_.Read(&request_, this); }

  void Continue(bool ok) override {
    if (!ok) return reader_.Finish(response_, grpc::Status::OK, Last());
    Add(request_, &response_);
    reader_.Read(&request_, this);
  }

  EchoRequest request_;
  CollectResponse response_;
  grpc::ServerAsyncReader<CollectResponse, EchoRequest> reader_{context()};
};

class ChatCall final : public Call {
 public:
  ChatCall(Service* service, Queue* queue) : Call(service, queue) {
    service->RequestChat(context(), &stream_, queue, queue, this);
  }

 private:
  void AwaitAnother() override { new ChatCall(service(), queue()); }

  void Begin() override { stream_.Read(&request_, this); }

  void Continue(bool ok) override {
    if (!ok) return stream_.Finish(grpc::Status::OK, Last());
    reading_ = !reading_;
    if (reading_) return stream_.Read(&request_, this);
    Reply(request_, &response_);
    stream_.Write(response_, this);
  }

  bool reading_ = true;
  EchoRequest request_;
  EchoResponse response_;
  grpc::ServerAsyncReaderWriter<EchoResponse, EchoRequest> stream_{context()};
};

int Serve(const std::string& path) {
  Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  builder.RegisterService(&service);
  const std::unique_ptr<Queue> queue = builder.AddCompletionQueue();
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;

  new EchoCall(&service, queue.get());
  new ExpandCall(&service, queue.get());
  new CollectCall(&service, queue.get());
  new ChatCall(&service, queue.get());
  void* tag;
  bool ok;
  while (queue->Next(&tag, &ok)) static_cast<Call*>(tag)->Proceed(ok);
  return 0;
}

}  // namespace
}  // namespace peers

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: cpp_queue SOCKET_PATH\n";
    return 2;
  }
  // Debian builds abseil without NDEBUG, and every mutex then looks for deadlocks.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return peers::Serve(argv[1]);
}
