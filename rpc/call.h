// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What all calls have in common, whatever their shape: the peer, metadata, waiting, the end.
//
// The shapes are UnaryCall (unary_call.h), ServerStreamCall, ClientStreamCall and BidiCall
// (stream_calls.h). A handler takes one by reference:
//
//   rpc::Task Greeter::Hello(rpc::UnaryCall<HelloRequest, HelloReply>& call) {
//     if (!co_await call.Sleep(absl::Seconds(1))) co_return;   // cancelled, or past its deadline
//     co_await call.Finish(Greeting(call.request(), call.peer().uid));
//   }
//
// A handler ends a call with Finish(), once. One that returns without it ends the call too: with
// the status of a request that could not be parsed, else CANCELLED if the caller went away, else
// INTERNAL.
//
// Thread safety: none; a call belongs to its shard's polling thread, on which its handler runs.
// Ownership: the runtime owns the call. It outlives its handler.

#ifndef RPC_CALL_H_
#define RPC_CALL_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "grpcpp/alarm.h"
#include "grpcpp/support/status.h"
#include "rpc/connection.h"
#include "rpc/core_call.h"
#include "rpc/encoding.h"
#include "rpc/operation.h"
#include "rpc/shard.h"
#include "rpc/tag.h"
#include "rpc/wire.h"

namespace rpc {

class Broadcast;

class Call {
 public:
  explicit Call(Shard* shard) : shard_(shard) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  virtual ~Call() = default;

  // What the caller says beside its messages. The keys are in lower case; what the strings are of
  // lives as long as the call.
  std::vector<CoreCall::Header> metadata() const { return core_.metadata(); }
  std::vector<absl::string_view> MetadataValues(absl::string_view key) const {
    return core_.Values(key);
  }
  absl::string_view authority() const { return core_.authority(); }
  // InfiniteFuture() if there is none.
  absl::Time deadline() const { return core_.deadline(); }

  // What is said beside the answers: to be called before the first one, or before Finish(). False,
  // and nothing is said, for a key or a value that gRPC does not allow: see core_call.h.
  bool AddInitialMetadata(absl::string_view key, absl::string_view value) {
    return core_.AddInitialMetadata(key, value);
  }
  bool AddTrailingMetadata(absl::string_view key, absl::string_view value) {
    return core_.AddTrailingMetadata(key, value);
  }

  // Who called connect(2), as the kernel says. The uid and groups can be trusted; the pid is
  // decoration.
  const uds::PeerCredentials& peer() const { return connection_->peer; }
  const Connection& connection() const { return *connection_; }

  // There is a connection: for each call that has a handler.
  bool connected() const { return connection_ != nullptr; }

  // How the message read last was compressed: "identity" (not at all), "gzip" or "deflate".
  absl::string_view request_encoding() const { return EncodingName(request_encoding_); }

  // Compresses what is sent, if the caller accepts that encoding: else returns false, and nothing
  // changes. To be called before anything is sent.
  bool Compress(grpc_compression_algorithm encoding);

  // Counts bytes that the handler keeps of what it has read, until the call ends: beside those of
  // the message read last, and of those being sent, which are counted anyway. False when that is
  // more than the uid may have: then Finish() says so, whatever status it is given.
  [[nodiscard]] bool Keep(std::size_t bytes);

  // The caller cancelled, its deadline passed or its connection ended. Nothing more can be sent.
  // (A unary call knows that once it has waited.)
  bool cancelled() const { return cancelled_ || ending_; }

  // --- Waiting. Await these; false means that the call was cancelled, which ends every wait. After
  // Finish() there is nothing to wait for, and none of them does. ---

  class Sleeping;
  class Listening;

  // Waits for `duration`; 0 and less do not wait at all.
  Sleeping Sleep(absl::Duration duration);

  // Waits until `broadcast` was sent once more than `seen` times: see there.
  Listening Wait(Broadcast& broadcast, std::uint64_t seen);

  // Has the call end with this status once the server begins to drain, or now if it has begun: for
  // a stream that may stay open with nothing to do.
  void EndWhenDraining(const grpc::Status& status);

  // The server begins to drain.
  void Drain();

  // Ends the call from outside of its handler: `status` goes to the caller at once, and what the
  // handler awaits returns false. No effect on a call that has ended.
  void Cancel(const grpc::Status& status);

  // Cancel() was called, with this status.
  bool ending() const { return ending_; }
  const grpc::Status& end_status() const { return end_status_; }

  // Finish() has sent its status: there is nothing left to lose.
  bool answered() const { return answered_; }

 protected:
  // What a wait is told when the call is cancelled under it.
  class Interruptible {
   public:
    virtual void Interrupt() = 0;

   protected:
    ~Interruptible() = default;
  };

  // Ends the call with a status and no message. Told to `tag`.
  void FinishWith(const grpc::Status& status, CoreTag* tag);

  // Sees to it that a wait ends with the call, from here on.
  void WatchEnd();

  CoreCall& core() { return core_; }

  // The status to send when the handler wants `wanted`: a request that could not be taken decides.
  const grpc::Status& Verdict(const grpc::Status& wanted) const {
    return untaken_.ok() ? wanted : untaken_;
  }

  // Parses what the caller sent, which is kept until it sends more, or to the call's end. On
  // failure returns false and settles the verdict.
  bool ParseReceived(google::protobuf::Message* message);

  // Counts the bytes of a message that is being sent, until that has ended.
  void HoldSent(std::size_t bytes);

  // Starts an operation that sends: connection.h counts those under way.
  template <class Start>
  auto Send(Start start) {
    return Operation(
        [this, start = std::move(start)](CoreTag* tag) {
          const auto begin = [this, &start, tag] {
            WriteBegan();
            start(tag);
          };
          if (connection_->goaway_due) {  // `start` stays where it is: in the frame that waits
            connection_->held_writes.push_back(begin);
          } else {
            begin();
          }
        },
        [this](bool ok) {
          WriteEnded();
          if (core_.ends_with_status()) cancelled_ = core_.cancelled();  // the tag does not tell
          answered_ = ok && finishing_ && !cancelled_;
          return ok && !cancelled_;
        });
  }

  bool finishing_ = false;  // Finish() was called
  bool answered_ = false;

 private:
  template <class CallType>
  friend class Invocation;

  bool Take(grpc_byte_buffer* bytes, google::protobuf::Message* message);
  bool Unpack(grpc::ByteBuffer* bytes);
  std::size_t max_message_bytes() const;
  bool SetTooLong(std::size_t bytes);
  bool SetMalformed(const google::protobuf::Message& message);
  grpc::Status TooMuch() const;
  bool HoldReceived(std::size_t bytes);
  void ReleaseAll();
  void WriteBegan();
  void WriteEnded();

  // gRPC says that the call is over, for good or ill.
  void Over();

  Shard* const shard_;
  CoreCall core_;
  CoreTag* over_ = nullptr;  // is told of the call's end, if that is watched
  bool end_watched_ = false;
  std::shared_ptr<Connection> connection_;
  grpc::Status untaken_;             // why a request could not be taken
  std::int64_t bytes_received_ = 0;  // held for this call: users.h
  std::int64_t bytes_sent_ = 0;
  std::int64_t bytes_kept_ = 0;
  grpc_compression_algorithm request_encoding_ = GRPC_COMPRESS_NONE;
  Interruptible* waiting_ = nullptr;
  bool cancelled_ = false;
  bool ending_ = false;
  grpc::Status end_status_;  // while ending_
  std::optional<grpc::Status> drain_status_;
};

class [[nodiscard]] Call::Sleeping final : public Tag, private Interruptible {
 public:
  Sleeping(Call* call, absl::Duration duration) : call_(call), duration_(duration) {}

  bool await_ready() const {
    return call_->cancelled() || call_->finishing_ || duration_ <= absl::ZeroDuration();
  }
  void await_suspend(std::coroutine_handle<> waiter);
  bool await_resume() const { return !call_->cancelled(); }

  void Complete(bool ok) override;

 private:
  void Interrupt() override { alarm_->Cancel(); }

  Call* const call_;
  const absl::Duration duration_;
  std::optional<grpc::Alarm> alarm_;  // to make one costs 2 % of a call that does not wait
  std::coroutine_handle<> waiter_;
};

// Lets any number of calls wait for the same thing to happen:
//
//   for (;;) {
//     const std::uint64_t seen = changed.sent();   // before looking, so that nothing is missed
//     if (ItHasHappened()) break;
//     if (!co_await call.Wait(changed, seen)) co_return;
//   }
//
// Thread safety: all of it. It outlives the server.
class Broadcast {
 public:
  // Resumes all that wait now, soon, each on its polling thread.
  void Send();

  // How often it was sent.
  std::uint64_t sent() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return sent_;
  }

 private:
  friend class Call::Listening;

  // False if it was sent since it was seen.
  bool Add(Shard* shard, Call::Listening* listener, std::uint64_t seen);
  void Remove(Shard* shard, Call::Listening* listener);
  void ResumeAllOf(Shard* shard);

  mutable std::mutex mutex_;
  std::uint64_t sent_ = 0;                                   // guarded by mutex_
  std::map<Shard*, std::list<Call::Listening*>> listeners_;  // likewise
};

class [[nodiscard]] Call::Listening final : private Interruptible {
 public:
  Listening(Call* call, Broadcast* broadcast, std::uint64_t seen)
      : call_(call), broadcast_(broadcast), seen_(seen) {}

  bool await_ready() const { return call_->cancelled() || call_->finishing_; }
  bool await_suspend(std::coroutine_handle<> waiter);
  bool await_resume() const { return !call_->cancelled(); }

 private:
  friend class rpc::Broadcast;
  void Interrupt() override;
  void Resume();

  Call* const call_;
  Broadcast* const broadcast_;
  const std::uint64_t seen_;
  std::coroutine_handle<> waiter_;
};

inline Call::Sleeping Call::Sleep(absl::Duration duration) { return {this, duration}; }
inline Call::Listening Call::Wait(Broadcast& broadcast, std::uint64_t seen) {
  return {this, &broadcast, seen};
}

}  // namespace rpc

#endif  // RPC_CALL_H_
