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
// A handler ends a call with Finish(), once. One that returns without it ends the call with
// INTERNAL. When the call ends by itself (the caller cancels or leaves, its deadline passes, what
// it sends is refused), every wait returns false at once and from then on, and the handler should
// return: the status has been settled by then, and nothing that is written afterwards goes out.
//
// Thread safety: none; a call belongs to its loop's thread, on which its handler runs.
// Ownership: the connection's stream owns the call, which owns its handler.

#ifndef RPC_CALL_CALL_H_
#define RPC_CALL_CALL_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "http2/buffer.h"
#include "http2/clock.h"
#include "http2/exchange.h"
#include "http2/stream.h"
#include "http2/timer.h"
#include "rpc/call/broadcast.h"
#include "rpc/call/caller.h"
#include "rpc/call/calls.h"
#include "rpc/call/connection_info.h"
#include "rpc/wire/encoding.h"
#include "rpc/wire/message_reader.h"
#include "rpc/wire/status.h"

namespace rpc {

using Encoding = wire::Encoding;

struct WriteOptions {
  bool compress = true;  // if Call::Compress() was called
};

class Call : public http2::Exchange {
 public:
  // What a call is made of.
  struct Parts {
    http2::Stream* stream;
    std::shared_ptr<Connection> connection;
    CallerAccount* account;
    Calls* calls;
    std::optional<Encoding> encoding;  // of its messages, by its header; nullopt: not known here
    absl::Duration timeout;            // infinite: none
  };

  // What a call takes besides its messages, in bytes (measured: this object, the usual coroutine's
  // frame, what nghttp2 keeps of a stream is counted by itself).
  static constexpr std::int64_t kBytes = 3 * 1024;

  explicit Call(Parts parts);
  ~Call() override;

  // What the caller says beside its messages. The keys are in lower case, the values of keys that
  // end with "-bin" decoded. The views stay valid for the call's lifetime.
  std::vector<http2::Header> metadata() const;
  std::vector<absl::string_view> MetadataValues(absl::string_view key) const;
  absl::string_view authority() const { return stream_.authority(); }
  // InfiniteFuture() if there is none.
  absl::Time deadline() const { return deadline_; }

  // What is said beside the answers: call before the first one, or before Finish(). False, and
  // nothing is said, for a key or a value that gRPC does not allow (wire/metadata.h).
  bool AddInitialMetadata(absl::string_view key, absl::string_view value);
  bool AddTrailingMetadata(absl::string_view key, absl::string_view value);

  // Who called connect(2), by the kernel's word. The uid and groups can be trusted; the pid is
  // informational only.
  const uds::PeerCredentials& peer() const { return connection_->peer; }
  const Connection& connection() const { return *connection_; }

  // How the message read last was compressed.
  Encoding request_encoding() const { return request_encoding_; }

  // Compresses what is sent, if the caller accepts that encoding: else returns false, and nothing
  // changes. Call before anything is sent.
  bool Compress(Encoding encoding);

  // Counts bytes that the handler keeps of what it has read, until the call ends: beside those of
  // the message that it reads into and of those being sent, which are counted anyway. False when
  // that is more than the uid may have: then the call has ended with RESOURCE_EXHAUSTED.
  [[nodiscard]] bool Keep(std::size_t bytes);

  // Its status has left for the caller.
  bool is_answered() const { return stream_.response_left(); }
  // The call has ended, by Finish() or by itself: nothing more can be sent.
  bool ended() const { return ended_; }
  // It ended by itself.
  bool cancelled() const { return cancelled_; }
  // What it ended with: OK while it has not ended. After a Read() that was false this tells the end
  // of the stream (OK) from a message that was refused.
  const absl::Status& end_status() const { return end_status_; }

  // --- Waiting. Await these; false means that the call has ended. ---

  class Sleeping;
  class Listening;

  // Waits for `duration`; 0 and less do not wait at all.
  Sleeping Sleep(absl::Duration duration);

  // Waits until `broadcast` was sent once more than `seen` times: see there.
  Listening Wait(Broadcast& broadcast, std::uint64_t seen);

  // Has the call end with this status once the server begins to drain, or now if it has begun: for
  // a stream that may stay open with nothing to do.
  void EndWhenDraining(absl::Status status);

  // --- For the server. ---

  // The server begins to drain.
  void Drain();
  // Ends the call from outside of its handler: `status` goes to the caller, and what the handler
  // awaits returns false. No effect on a call that has ended.
  void Cancel(absl::Status status);

 protected:
  // Something that the handler waits for.
  class Waiter {
   public:
    // Resumes the handler if it can go on: as it surely can once the call has ended.
    virtual void Wake() = 0;

   protected:
    ~Waiter() = default;
  };

  // Ends the call with a status, or with a message and OK. No effect once it has ended.
  void FinishWith(absl::Status status);
  void FinishWith(const google::protobuf::MessageLite& response);

  // Queues a message. False if the call has ended, or ends by it.
  bool SendMessage(const google::protobuf::MessageLite& response, const WriteOptions& options = {});
  bool HasRoom() const { return ended_ || stream_.queued() <= http2::Stream::kHighMark; }

  // Parses the next message if it is there. kNone: it may still come. kEnd: none will, or the call
  // has ended.
  enum class Taken { kMessage, kNone, kEnd };
  Taken TakeMessage(google::protobuf::Message* message);
  // The same where one message is due and no more, once the request has ended.
  Taken TakeOnlyMessage(google::protobuf::Message* message);

  // Null when it waits no more.
  void WaitForMessage(Waiter* waiter) { reading_ = waiter; }
  void WaitForRoom(Waiter* waiter) {
    writing_ = waiter;
    if (waiter != nullptr) stream_.AwaitRoom();
  }
  // The waiter ends, perhaps with the coroutine that it waits for.
  void Forget(const Waiter* waiter) {
    for (Waiter** const one : {&reading_, &writing_, &waiting_}) {
      if (*one == waiter) *one = nullptr;
    }
  }

  // Whether it has ended: by now, when its deadline has passed while its handler kept the thread.
  bool HasEndedByNow();

  // Looks at what came, and wakes what waits for it. What http2::Exchange::Run() returns: whether
  // there is more to do.
  bool GoOn();
  bool GoesOn() const { return !ended_ && inflation_ != nullptr && !inflated_; }

  // The caller has left, or will not be answered by a handler: lets every wait return, for good.
  void Abandon();

 private:
  // Of http2::Exchange.
  void Received(absl::string_view bytes) override;
  void StreamClosed() override;
  void AddTrailers(std::vector<http2::Field>* trailers) override;

  struct Metadatum {
    std::string key;
    std::string value;
  };

  void SettleEnd(absl::Status status);
  void Respond(http2::Stream::Body body);
  void WakeAll();
  // Ends the call with what is wrong with its request: from within its handler, so that what else
  // waits is woken later.
  Taken Refuse(absl::Status status);
  Taken NoMoreMessages();
  // Whether the message in front can be parsed: it may have to be inflated before.
  Taken Prepare(const wire::Message& message);
  Taken Parse(absl::string_view bytes, google::protobuf::Message* message);
  void InflateMore();
  bool HoldMessage(google::protobuf::Message* message, absl::string_view bytes);
  // Takes the message that was parsed off what came.
  Taken PopMessage();
  void OpenWindow(std::size_t bytes);
  absl::Status TooMuch() const;

  http2::Stream& stream_;
  const std::shared_ptr<Connection> connection_;
  CallerAccount& account_;
  Calls& calls_;
  Calls::Link link_;
  const std::optional<Encoding> encoding_;
  absl::Time deadline_ = absl::InfiniteFuture();
  http2::Nanoseconds expires_at_ = 0;
  std::optional<http2::Timer> expiry_;

  wire::MessageReader reader_;
  absl::Status fault_;                          // of what came, to be looked at in GoOn()
  http2::Buffer packed_;                        // what it is inflated from: more may come behind it
  std::unique_ptr<wire::Inflation> inflation_;  // of the message in front
  bool inflated_ = false;
  std::size_t unconsumed_ = 0;      // bytes that came and the stream's window has not back
  std::int64_t message_bytes_ = 0;  // of what was read into the message, on the account
  std::int64_t due_bytes_ = 0;      // that will be, once the bytes that it is parsed from are not
  std::int64_t kept_bytes_ = 0;
  Encoding request_encoding_ = Encoding::kIdentity;

  Encoding response_encoding_ = Encoding::kIdentity;
  std::vector<Metadatum> initial_;
  std::vector<Metadatum> trailing_;
  std::optional<wire::StatusFields> status_fields_;
  absl::Status end_status_;
  std::optional<absl::Status> drain_status_;
  bool ended_ = false;
  bool cancelled_ = false;

  Waiter* reading_ = nullptr;
  Waiter* writing_ = nullptr;
  Waiter* waiting_ = nullptr;
  mutable std::forward_list<std::string> decoded_;  // what metadata() has given out
};

class [[nodiscard]] Call::Sleeping final : private Waiter {
 public:
  Sleeping(Call* call, absl::Duration duration) : call_(*call), duration_(duration) {}
  ~Sleeping() {
    if (handler_) call_.Forget(this);
  }

  bool await_ready() const { return call_.ended_ || duration_ <= absl::ZeroDuration(); }
  void await_suspend(std::coroutine_handle<> handler);
  bool await_resume() const { return !call_.ended_; }

 private:
  void Wake() override;

  Call& call_;
  const absl::Duration duration_;
  std::optional<http2::Timer> timer_;
  std::coroutine_handle<> handler_;
};

class [[nodiscard]] Call::Listening final : private Waiter, private Broadcast::Listener {
 public:
  Listening(Call* call, Broadcast* broadcast, std::uint64_t seen)
      : call_(*call), broadcast_(*broadcast), seen_(seen) {}
  ~Listening();

  bool await_ready() const { return call_.ended_; }
  bool await_suspend(std::coroutine_handle<> handler);
  bool await_resume() const { return !call_.ended_; }

 private:
  void Wake() override;
  void Heard() override;

  Call& call_;
  Broadcast& broadcast_;
  const std::uint64_t seen_;
  std::coroutine_handle<> handler_;
};

inline Call::Sleeping Call::Sleep(absl::Duration duration) { return {this, duration}; }
inline Call::Listening Call::Wait(Broadcast& broadcast, std::uint64_t seen) {
  return {this, &broadcast, seen};
}

}  // namespace rpc

#endif  // RPC_CALL_CALL_H_
