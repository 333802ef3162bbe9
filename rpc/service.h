// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A service of a .proto file, served by coroutines: derive from Service and name the handlers.
//
//   class Greeter final : public rpc::Service {
//    public:
//     Greeter() : Service("example.Greeter") { Handle("Hello", &Greeter::Hello); }
//
//    private:
//     rpc::Task Hello(rpc::UnaryCall<HelloRequest, HelloReply>& call);
//   };
//
// The handler's parameter says the shape and the types of its method. They are checked against the
// .proto, and a mismatch aborts: it is a mistake in the program. A method without a handler is
// UNIMPLEMENTED for its callers.
//
// Thread safety: handlers run on the polling thread of the call's shard, which with one shard
// (ServerOptions::shards) is always the same. Handle() belongs into the constructor.
// Ownership: the server does not own its services; they outlive it.

#ifndef RPC_SERVICE_H_
#define RPC_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "rpc/invocation.h"
#include "rpc/registration.h"
#include "rpc/shard.h"
#include "rpc/task.h"
#include "rpc/typed_call.h"

namespace rpc {

class Service {
 public:
  // `full_name` as in the .proto, with its package: "udsecho.v1.Echo". The program must be linked
  // with the code generated from that .proto.
  explicit Service(absl::string_view full_name);
  virtual ~Service();

  const std::string& full_name() const { return descriptor_->full_name(); }

  // Called for each call that was let in, before its message is awaited: for what all methods have
  // in common, such as metadata, or who may call. A status other than OK ends the call, and no
  // handler runs.
  virtual grpc::Status Begin(Call& /*call*/) { return grpc::Status::OK; }

  // Called on a polling thread when the server begins to drain, before anything else ends. A
  // service whose streams live as long as the server (health's Watch, say) ends them here: a call
  // that is left holds up the drain until the grace period is over.
  virtual void Drain() {}

 protected:
  template <class Derived, class CallType>
  void Handle(absl::string_view method, Task (Derived::*handler)(CallType&)) {
    const int index = Declare(method, CallType::kShape, CallType::Request::descriptor(),
                              CallType::Response::descriptor());
    auto* self = static_cast<Derived*>(this);
    methods_.push_back(std::make_unique<Method<CallType>>(
        index, this, [self, handler](CallType& call) { return (self->*handler)(call); }));
  }

 private:
  friend class Hosts;

  class AnyMethod {
   public:
    virtual ~AnyMethod() = default;
    // Asks gRPC for the next call of this method, and for another whenever one came.
    virtual void Listen(Registration* registration, Shard* shard) = 0;
  };

  template <class CallType>
  class Method;

  int Declare(absl::string_view method, Shape shape, const google::protobuf::Descriptor* request,
              const google::protobuf::Descriptor* response);

  std::shared_ptr<Registration> Register() const { return std::make_shared<Registration>(paths_); }
  void Listen(Registration* registration, Shard* shard) {
    for (const auto& method : methods_) method->Listen(registration, shard);
  }

  const google::protobuf::ServiceDescriptor* const descriptor_;
  std::vector<std::string> paths_;  // gRPC keeps pointers to these
  std::vector<std::unique_ptr<AnyMethod>> methods_;
};

template <class CallType>
class Service::Method final : public AnyMethod, public Invocation<CallType>::Source {
 public:
  Method(int index, Service* service, typename Invocation<CallType>::Handler handler)
      : index_(index), service_(service), handler_(std::move(handler)) {}

  void Listen(Registration* registration, Shard* shard) override {
    Invocation<CallType>::Listen(this, registration, shard);
  }

  grpc::Status Begin(CallType& call) override { return service_->Begin(call); }
  Task Handle(CallType& call) override { return handler_(call); }

  void Request(Registration* registration, CoreCall* call, grpc_completion_queue* queue,
               CoreTag* tag) override {
    registration->Request(index_, call, queue, tag);
  }

 private:
  const int index_;
  Service* const service_;
  const typename Invocation<CallType>::Handler handler_;
};

}  // namespace rpc

#endif  // RPC_SERVICE_H_
