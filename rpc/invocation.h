// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One call from the moment it is asked for until nothing of it is left: the runtime of a handler.
//
// Listen() asks gRPC for the next call of a method. When its headers come, another is asked for,
// the call's connection is looked up, it is admitted or refused, its message is awaited if the
// shape has one, and the handler's coroutine runs. The invocation deletes itself when both the
// handler has ended and gRPC has said that the call is over.
//
// Thread safety: none; everything happens on the shard's polling thread (Listen() also before it
// starts).
// Ownership: owns itself, the call and the coroutine.

#ifndef RPC_INVOCATION_H_
#define RPC_INVOCATION_H_

#include <cstddef>
#include <functional>
#include <utility>

#include "grpcpp/impl/rpc_method.h"
#include "rpc/block_pool.h"
#include "rpc/call.h"
#include "rpc/registration.h"
#include "rpc/shard.h"
#include "rpc/tag.h"
#include "rpc/task.h"

namespace rpc {

// A status for a call whose handler said nothing, or that has no handler to run.
grpc::Status UnsaidStatus(const Call& call);
grpc::Status ConnectionGoneStatus();
grpc::Status NoRequestStatus(const Call& call);

template <class CallType>
class Invocation final : private Task::Owner {
 public:
  using Handler = std::function<Task(CallType&)>;

  // The method that calls come from.
  class Source {
   public:
    virtual grpc::Status Begin(CallType& call) = 0;  // what service.h says
    virtual Task Handle(CallType& call) = 0;
    // Has `tag` told when a call came, or, with ok = false, that none will.
    virtual void Request(Registration* registration, CoreCall* call, grpc_completion_queue* queue,
                         CoreTag* tag) = 0;

   protected:
    ~Source() = default;
  };

  // NOLINTNEXTLINE(misc-new-delete-overloads): it does not know the delete that is told the size
  static void* operator new(std::size_t size) { return BlockPool::Allocate(size); }
  static void operator delete(void* self, std::size_t size) { BlockPool::Free(self, size); }

  static void Listen(Source* source, Registration* registration, Shard* shard) {
    auto* next = new Invocation(source, registration, shard);
    next->call_.over_ = &next->over_;
    source->Request(registration, &next->call_.core(), shard->queue()->cq(), &next->arrived_);
  }

 private:
  // One message comes first; a handler that reads for itself does not have it.
  static constexpr bool kTakesRequest = requires(CallType call) { call.request(); };

  Invocation(Source* source, Registration* registration, Shard* shard)
      : source_(source), registration_(registration), shard_(shard), call_(shard) {}

  void Arrived(bool ok) {
    if (!ok) {  // The server is shutting down: there is no call, and no word of its end will come.
      delete this;
      return;
    }
    Listen(source_, registration_, shard_);
    // One message each way has its end with its status, unless its handler waits before.
    if constexpr (CallType::kShape != grpc::internal::RpcMethod::NORMAL_RPC) call_.WatchEnd();
    call_.connection_ = shard_->connections().Find(call_.core().peer());
    place_ = shard_->CallBegan(&call_);
    if (call_.connection_ == nullptr) {
      // The connection ended before its call was looked at. There is nobody to answer and nobody
      // whom the handler could name as its peer.
      Finish(ConnectionGoneStatus());
      return;
    }
    call_.connection_->calls.Add(1);
    ++call_.connection_->calls_in_flight;
    if (!shard_->users().CallBegan(call_.connection_->account)) {
      call_.connection_->EndForOffence();
    }
    Admit();
  }

  void Admit() {
    if (gone_) {
      Finish(UnsaidStatus(call_));
      return;
    }
    const grpc::Status refusal = shard_->users().Admit(*call_.connection_);
    if (!refusal.ok() && call_.connection_->admission.ok() && !std::exchange(looked_again_, true)) {
      // The caller may have ended another call first, and gRPC tells of that in an event behind
      // this one.
      shard_->Post([this] { Admit(); });
      return;
    }
    if (!refusal.ok()) {
      Refuse(refusal);
      return;
    }
    admitted_ = true;
    const grpc::Status begun = source_->Begin(call_);
    if (!begun.ok()) {
      Finish(begun);
      return;
    }
    if constexpr (kTakesRequest) {
      call_.core().Read(&requested_);
    } else {
      Handle();
    }
  }

  void Refuse(const grpc::Status& status) {
    Users::CountRefusal(call_.connection_->account, status);
    Finish(status);
  }

  void Requested(bool ok) {
    if constexpr (kTakesRequest) {
      if (!ok || call_.core().received() == nullptr) {
        Finish(NoRequestStatus(call_));
      } else if (!call_.ParseReceived(&call_.request_)) {
        Finish(grpc::Status::OK);  // the call's verdict stands in for OK
      } else {
        Handle();
      }
    }
  }

  void Handle() {
    task_ = source_->Handle(call_);
    task_.Start(this);
  }

  void TaskEnded() override {
    task_ = Task();  // with all that the handler kept
    if (call_.finishing_) {
      Answered();
    } else {
      Finish(UnsaidStatus(call_));
    }
  }

  void Finish(const grpc::Status& status) {
    call_.WriteBegan();
    call_.FinishWith(status, &finished_);
  }

  void Finished(bool /*ok*/) {
    call_.WriteEnded();
    Answered();
  }

  // A caller that has its status may ask for as much again at once, and gRPC says that the call is
  // over in an event behind this one.
  void Answered() {
    answered_ = true;
    if (call_.connection_ != nullptr) call_.ReleaseAll();
    if (call_.core().ends_with_status()) return Over(true);
    DeleteIfDone();
  }

  void Over(bool /*ok*/) {
    if (admitted_) Users::CallOver(call_.connection_->account);
    call_.Over();  // may resume the handler, and that may end: it must find us not yet gone
    gone_ = true;
    DeleteIfDone();
  }

  void DeleteIfDone() {
    if (!answered_ || !gone_) return;
    if (call_.connection_ != nullptr) {
      --call_.connection_->calls_in_flight;
      call_.ReleaseAll();
      Users::CallEnded(call_.connection_->account);
    }
    shard_->CallEnded(place_);
    delete this;
  }

  Source* const source_;
  Registration* const registration_;
  Shard* const shard_;
  MemberTag<Invocation, &Invocation::Arrived, CoreTag> arrived_{this};
  MemberTag<Invocation, &Invocation::Requested, CoreTag> requested_{this};
  MemberTag<Invocation, &Invocation::Finished, CoreTag> finished_{this};
  MemberTag<Invocation, &Invocation::Over, CoreTag> over_{this};
  bool looked_again_ = false;
  bool admitted_ = false;
  bool answered_ = false;  // the status went out, or could not
  bool gone_ = false;      // gRPC has said its last word
  Shard::Calls::iterator place_;
  CallType call_;
  Task task_;  // after call_: destroyed before it
};

}  // namespace rpc

#endif  // RPC_INVOCATION_H_
