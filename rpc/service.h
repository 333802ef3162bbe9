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
// UNIMPLEMENTED for its callers. An exception that leaves a handler ends the process.
//
// Thread safety: handlers run on the thread of their call's connection; with one shard
// (ServerOptions::shards) that is always the same. Call Handle() in the constructor.
// Ownership: the server does not own its services; they outlive Server::Run(), or Finish().

#ifndef RPC_SERVICE_H_
#define RPC_SERVICE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "rpc/call/call.h"
#include "rpc/call/invocation.h"
#include "rpc/call/task.h"
#include "rpc/call/typed_call.h"

namespace rpc {

// One method, as the server finds it by its path.
class Method {
 public:
  virtual ~Method() = default;
  virtual std::unique_ptr<Call> NewCall(Call::Parts parts) = 0;
};

using Methods = absl::flat_hash_map<std::string, Method*>;  // by path

class Service {
 public:
  // `full_name` as in the .proto, with its package: "udsecho.v1.Echo". The program must be linked
  // with the code generated from that .proto.
  explicit Service(absl::string_view full_name);
  virtual ~Service();

  const std::string& full_name() const { return descriptor_->full_name(); }

  // Called for each call that was admitted, before its message is awaited: for what all methods
  // have in common, such as metadata, or a check of the caller. A status other than OK ends the
  // call, and no handler runs. Must not block or throw.
  virtual absl::Status Begin(Call& /*call*/) { return absl::OkStatus(); }

  // Called once when the server begins to drain, whatever the number of shards and sockets: after
  // health has become NOT_SERVING, before anything else ends, on the thread in Run(). Handlers may run
  // on others meanwhile. Must not throw. A service whose streams live as long as the server (health's Watch, say) ends
  // them here: a call that is left holds up the drain until the grace period is over.
  virtual void Drain() {}

  // For the server: the methods that have handlers, with their paths ("/example.Greeter/Hello").
  struct Path {
    std::string path;
    std::unique_ptr<Method> method;
  };
  const std::vector<Path>& methods() const { return methods_; }

 protected:
  template <class Derived, class CallType>
  void Handle(absl::string_view method, Task (Derived::*handler)(CallType&)) {
    auto* self = static_cast<Derived*>(this);
    Add(method, CallType::kShape, CallType::Request::descriptor(), CallType::Response::descriptor(),
        std::make_unique<HandledMethod<CallType>>(
            this, [self, handler](CallType& call) { return (self->*handler)(call); }));
  }

 private:
  template <class CallType>
  class HandledMethod final : public Method, public Handler<CallType> {
   public:
    HandledMethod(Service* service, std::function<Task(CallType&)> handle)
        : service_(*service), handle_(std::move(handle)) {}

    std::unique_ptr<Call> NewCall(Call::Parts parts) override {
      return std::make_unique<Invocation<CallType>>(this, std::move(parts));
    }

   private:
    absl::Status Begin(CallType& call) override { return service_.Begin(call); }
    Task Handle(CallType& call) override { return handle_(call); }

    Service& service_;
    const std::function<Task(CallType&)> handle_;
  };

  void Add(absl::string_view name, Shape shape, const google::protobuf::Descriptor* request,
           const google::protobuf::Descriptor* response, std::unique_ptr<Method> method);

  const google::protobuf::ServiceDescriptor* const descriptor_;
  std::vector<Path> methods_;
};

}  // namespace rpc

#endif  // RPC_SERVICE_H_
