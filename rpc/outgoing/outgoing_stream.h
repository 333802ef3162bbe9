// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the streams of stream_out.h are made of: reactors, which gRPC C++ calls on its threads, and the
// handler's side of them.
//
// Thread safety: as stream_out.h. Ownership: the handler has the stream. The reactor lives until gRPC has
// called OnDone(), also if the handler is gone by then, and so do the messages that gRPC reads and writes.

#ifndef RPC_OUTGOING_OUTGOING_STREAM_H_
#define RPC_OUTGOING_OUTGOING_STREAM_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/client_callback.h"
#include "grpcpp/support/status.h"
#include "rpc/call/call.h"
#include "rpc/call/task.h"
#include "rpc/call/when.h"
#include "rpc/check.h"
#include "rpc/outgoing/call_out.h"
#include "rpc/outgoing/operation.h"

namespace rpc {

// `Reactor` is gRPC's.
template <class Reactor>
class OutgoingReactor : public Reactor {
 public:
  // Once the stub's method was called.
  void Begin(std::shared_ptr<OutgoingReactor> self) {
    self_ = std::move(self);
    done->SetOff();
    this->AddHold();  // for what the handler starts
    this->StartCall();
  }

  grpc::ClientContext context;
  grpc::Status status;  // once `done` has ended
  const std::shared_ptr<Operation> done = std::make_shared<Operation>();

 private:
  // Nothing else is called afterwards.
  void OnDone(const grpc::Status& with) final {
    const auto self = std::move(self_);
    status = with;
    done->End(true);
  }

  std::shared_ptr<OutgoingReactor> self_;
};

template <class Base, class Reply>
class ReadingReactor : public Base {
 public:
  Reply incoming;
  const std::shared_ptr<Operation> read = std::make_shared<Operation>();

 private:
  void OnReadDone(bool ok) final { read->End(ok); }
};

template <class Base, class Request>
class WritingReactor : public Base {
 public:
  Request outgoing;
  const std::shared_ptr<Operation> write = std::make_shared<Operation>();

 private:
  void OnWriteDone(bool ok) final { write->End(ok); }
  void OnWritesDoneDone(bool ok) final { write->End(ok); }
};

template <class Reactor>
class OutgoingStream {
 public:
  // It is begun, once the stub's method was called with it.
  OutgoingStream(Call* call, std::shared_ptr<Reactor> reactor)
      : call_(*call), reactor_(std::move(reactor)) {
    reactor_->Begin(reactor_);
  }
  ~OutgoingStream() {
    if (reactor_->done->is_under_way()) reactor_->context.TryCancel();
    LetGo();
  }
  OutgoingStream(const OutgoingStream&) = delete;
  OutgoingStream& operator=(const OutgoingStream&) = delete;

 protected:
  template <class Reply>
  TaskOf<bool> ReadNext(Reply* message) {
    Operation& read = *reactor_->read;
    const Operation::User user(&read, "two reads of an outgoing stream at the same time");
    if (call_.ended() || read_all_) co_return Cancelled();
    // A Read() that was given up has left one that is under way, or its message.
    if (!std::exchange(reading_, true)) {
      read.SetOff();
      reactor_->StartRead(&reactor_->incoming);
    }
    const absl::Status waited = co_await WaitFor(call_, reactor_->read);
    if (!waited.ok()) co_return Cancelled();
    reading_ = false;
    read_all_ = !read.succeeded();
    if (read_all_) co_return false;
    *message = std::move(reactor_->incoming);
    co_return true;
  }

  template <class Request>
  TaskOf<bool> WriteNext(const Request& message) {
    const Operation::User user(reactor_->write.get(), kTwoWrites);
    RPC_CHECK(!writes_done_, "a write to an outgoing stream after WritesDone()");
    const bool may_write = co_await WaitForRoom();
    if (!may_write) co_return false;
    reactor_->outgoing = message;
    reactor_->write->SetOff();
    reactor_->StartWrite(&reactor_->outgoing);
    co_return true;
  }

  TaskOf<bool> EndWrites() {
    const Operation::User user(reactor_->write.get(), kTwoWrites);
    const bool may_write = co_await WaitForRoom();
    if (!may_write) co_return false;
    if (std::exchange(writes_done_, true)) co_return true;
    reactor_->write->SetOff();
    reactor_->StartWritesDone();
    co_return true;
  }

  template <class Reply>
  Task ReadTheRest() {
    Reply unread;
    bool more = true;
    while (more) more = co_await ReadNext(&unread);
  }

  // Once all is read and written. gRPC gives the status when nothing else is under way.
  TaskOf<absl::Status> TakeStatus() {
    LetGo();
    const absl::Status waited = co_await WaitFor(call_, reactor_->done);
    if (!waited.ok()) {
      Cancelled();
      co_return waited;
    }
    co_return StatusOf(reactor_->status);
  }

  Reactor& reactor() { return *reactor_; }

 private:
  static constexpr char kTwoWrites[] = "two writes to an outgoing stream at the same time";

  // Until the message before is on its way.
  TaskOf<bool> WaitForRoom() {
    const absl::Status waited = co_await WaitFor(call_, reactor_->write);
    if (!waited.ok()) co_return Cancelled();
    co_return reactor_->write->succeeded();
  }

  // Ends the call out if the handler's call has ended. False, which is what the handler gets.
  bool Cancelled() {
    if (call_.ended()) reactor_->context.TryCancel();
    return false;
  }

  // The handler starts nothing any more.
  void LetGo() {
    if (!std::exchange(let_go_, true)) reactor_->RemoveHold();
  }

  Call& call_;
  const std::shared_ptr<Reactor> reactor_;
  bool reading_ = false;  // a message that no Read() has given yet
  bool read_all_ = false;
  bool writes_done_ = false;
  bool let_go_ = false;
};

}  // namespace rpc

#endif  // RPC_OUTGOING_OUTGOING_STREAM_H_
