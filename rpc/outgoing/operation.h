// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// An operation of a gRPC C++ stream, such as a read, that a handler may wait for. For stream_out.h.
//
//   read->SetOff();                                 // on the call's thread
//   reactor->StartRead(&message);
//   ...
//   void OnReadDone(bool ok) { read->End(ok); }     // on a thread of gRPC's
//   ...
//   const absl::Status waited = co_await WaitFor(call, read);   // on the call's thread again
//
// A wait that is given up changes nothing: the operation goes on, and can be waited for again. It can be
// set off again once it has ended.
//
// Thread safety: End() may be called on any thread, all else is on the call's own. Ownership: as Job.

#ifndef RPC_OUTGOING_OPERATION_H_
#define RPC_OUTGOING_OPERATION_H_

#include <atomic>
#include <memory>

#include "absl/status/status.h"
#include "rpc/call/call.h"
#include "rpc/call/job.h"
#include "rpc/call/task.h"
#include "rpc/call/waits.h"
#include "rpc/check.h"

namespace rpc {

class Operation final : public Job {
 public:
  // Only one coroutine at a time may use the operation: a second one ends the program.
  class User {
   public:
    User(Operation* operation, const char* mistake) : operation_(*operation) {
      RPC_CHECK(!operation_.used_, mistake);
      operation_.used_ = true;
    }
    ~User() { operation_.used_ = false; }
    User(const User&) = delete;
    User& operator=(const User&) = delete;

   private:
    Operation& operation_;
  };

  void SetOff() {
    ended_ = false;
    set_off_ = true;
  }
  // It was set off, and has not ended.
  bool is_under_way() const { return set_off_ && !ended_; }
  // Of the one that has ended last; true before the first.
  bool succeeded() const { return succeeded_; }

  void End(bool success) {
    succeeded_ = success;
    ended_ = true;
    Done();
  }

 private:
  // Begins to wait for an operation that is under way, or has just ended.
  absl::Status Start() override {
    if (ended_) Done();
    return absl::OkStatus();
  }

  bool used_ = false;
  bool set_off_ = false;
  bool succeeded_ = true;  // written before `ended_`
  std::atomic<bool> ended_{false};
};

// Until it is not under way. A status other than OK: the call has ended.
inline TaskOf<absl::Status> WaitFor(Call& call, std::shared_ptr<Operation> operation) {
  absl::Status waited;
  // Done() may belong to the operation before this one: then it is not over yet.
  while (waited.ok() && operation->is_under_way()) {
    waited = co_await call.Wait(operation);
  }
  if (waited.ok() && call.ended()) waited = co_await call.Wait(operation);  // says why
  co_return waited;
}

}  // namespace rpc

#endif  // RPC_OUTGOING_OPERATION_H_
