// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What calls of all shapes have in common: the peer, metadata, waiting, the end.
//
// The shapes are UnaryCall (unary_call.h), ServerStreamCall, ClientStreamCall and BidiCall
// (stream_calls.h). A handler takes one by reference:
//
//   rpc::Task Greeter::Hello(rpc::UnaryCall<HelloRequest, HelloReply>& call) {
//     if (!co_await call.Sleep(absl::Seconds(1))) co_return;   // cancelled, or past its deadline
//     co_await call.Finish(Greeting(call.request(), call.peer().uid));
//   }
//
// A handler ends a call with Finish(), once. If it returns without, the call ends with INTERNAL.
// Finish() takes effect at once; CallHooks::ended is called within it. The call itself stays until the
// handler has returned, also when its client has left.
// A call may also end by itself: the caller cancels or leaves, the deadline passes, or a message is
// refused. From then on every wait returns false at once, and the handler should return: the status
// is settled, and nothing that is written afterwards is sent.
//
// Thread safety: none; a call belongs to its loop's thread, on which its handler runs.
// Ownership: the connection's stream owns the call, which owns its handler.

#ifndef RPC_CALL_CALL_H_
#define RPC_CALL_CALL_H_

#include <any>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <functional>
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
#include "rpc/call/ended_call.h"
#include "rpc/call/job.h"
#include "rpc/call/waiter.h"
#include "rpc/wire/encoding.h"
#include "rpc/wire/message_reader.h"
#include "rpc/wire/status.h"

namespace rpc {

class ThreadPool;
using wire::Encoding;

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
    Encoding encoding;       // of its messages, by grpc-encoding
    absl::Duration timeout;  // infinite: none
  };

  // What a call is charged for besides its messages, in bytes: this object and the usual
  // coroutine's frame (measured). What nghttp2 keeps of its stream is charged by itself.
  static constexpr std::int64_t kBytes = 3 * 1024;

  explicit Call(Parts parts);
  ~Call() override;

  // What the caller sent besides its messages, user-agent too. Keys are in lower case, and asked for so;
  // values of keys that end with "-bin" are decoded. The views stay valid for the call's lifetime.
  const std::vector<http2::Header>& metadata() const;
  std::vector<absl::string_view> MetadataValues(absl::string_view key) const;
  absl::string_view authority() const { return stream_.authority(); }
  // Of the method: "/package.Service/Method".
  absl::string_view path() const { return stream_.path(); }
  // Until the deadline, from 0; infinite if there is none. By the monotonic clock: a step of the
  // wall clock does not change it.
  absl::Duration time_left() const;
  // Ends the call with DEADLINE_EXCEEDED `longest` from now, unless its deadline is earlier. 0 and less:
  // as soon as the handler waits.
  void LimitTime(absl::Duration longest);

  // Metadata of the response: call the first before a message is sent, the second before Finish().
  // False, and nothing is added, if it is too late, or for a key or a value that gRPC does not allow
  // (wire/metadata.h).
  bool AddInitialMetadata(absl::string_view key, absl::string_view value) {
    return !stream_.responded() && Add(key, value, &initial_);
  }
  bool AddTrailingMetadata(absl::string_view key, absl::string_view value) {
    return !ended_ && Add(key, value, &trailing_);
  }

  // Who called connect(2), by the kernel's word. The uid and groups can be trusted; the pid is
  // informational only.
  const uds::PeerCredentials& peer() const { return connection_->peer; }
  const Connection& connection() const { return *connection_; }

  // For what CallHooks::begin finds out about a call and leaves for its handler and for
  // CallHooks::ended, such as who the caller is. Empty unless the program sets it.
  std::any& attachment() { return attachment_; }
  const std::any& attachment() const { return attachment_; }

  // How the last message that was read was compressed.
  Encoding request_encoding() const { return request_encoding_; }

  // Compresses the messages that are sent, but for those that would get no shorter, and those beyond
  // what a caller may have compressed in a round (CallerAccount::kMostPacked). These are sent as they
  // are, as gRPC allows. False, and nothing changes, if the caller does not accept that encoding, or if
  // something was sent already.
  bool Compress(Encoding encoding);

  // Charges the uid for bytes that the handler keeps, until the call ends. The message that was read
  // last and those being sent are charged anyway, those that were read before are not. False if that is more than the uid may
  // have: then the call has ended with RESOURCE_EXHAUSTED.
  [[nodiscard]] bool Keep(std::size_t bytes);

  // The status has been sent.
  bool is_answered() const { return stream_.response_left(); }
  // The call has ended, by Finish() or by itself: nothing more can be sent.
  bool ended() const { return ended_; }
  // It ended without its handler: cancelled, past its deadline, refused, or cut off by a drain.
  bool cancelled() const { return cancelled_; }
  // The status that it ended with; OK while it has not ended. After a Read() that was false this
  // tells the end of the stream (OK) from a message that was refused.
  const absl::Status& end_status() const { return end_status_; }

  // --- Waiting (waits.h, which comes with the shapes). Await these; when.h has several of them at the
  // same time. Each is over at once when the call ends, and from then on: a handler that goes on waiting
  // in a loop keeps its thread. Those that give a status give end_status() then, or CANCELLED if that
  // is OK. ---

  class Sleeping;
  class Listening;
  class Watching;
  class Working;
  template <class Work>
  class Running;

  // Waits for `duration`; 0 and less do not wait at all. False: the call has ended.
  Sleeping Sleep(absl::Duration duration);

  // Waits until Broadcast::Send() was called more than `seen` times (broadcast.h). False: the call
  // has ended.
  Listening Wait(Broadcast& broadcast, std::uint64_t seen);

  // Waits until `fd` can be read or written, or has an error or a hang-up to tell. Any number of
  // calls may wait for the same descriptor; keep it open meanwhile. A status other than OK: the call
  // has ended, or the kernel cannot watch the descriptor (PERMISSION_DENIED: a file on a disk, which
  // is always ready; read those by RunOn()).
  Watching Readable(int fd);
  Watching Writable(int fd);

  // Runs a function on a thread of the pool, and gives its result, or why there is none. Include
  // run_on.h, which tells more.
  template <class Function, class... Arguments>
  auto RunOn(ThreadPool& pool, Function&& function, Arguments&&... arguments);

  // Waits until Job::Done() (job.h). A status other than OK: the call has ended, or Start() refused.
  Working Wait(std::shared_ptr<Job> job);

  // Ends the call with this status when the server begins to drain, or now if it has begun. For a
  // stream that may stay open with nothing to do. The last call of this counts. OK only where many
  // messages are sent.
  void EndWhenDraining(absl::Status status);

  // --- For the server. ---

  // The server begins to drain.
  void Drain();
  // Ends the call from outside of its handler: `status` goes to the caller, and what the handler
  // awaits returns false. No effect on a call that has ended.
  void Cancel(absl::Status status);

 protected:
  // Ends the call with a status, or with a message and OK. No effect once it has ended.
  void FinishWith(absl::Status status);
  void FinishWith(const google::protobuf::MessageLite& response);

  // Queues a message. False if the call has ended, or if this has ended it (no memory).
  bool SendMessage(const google::protobuf::MessageLite& response, const WriteOptions& options = {});
  bool HasRoom() const { return ended_ || stream_.queued() <= http2::Stream::kHighMark; }

  // Parses the next message if it is there. kNone: it may still come. kEnd: no more will come, or
  // the call has ended.
  enum class Taken { kMessage, kNone, kEnd };
  Taken TakeMessage(google::protobuf::Message* message);
  // Likewise for a method that takes one message: refuses none and two. kNone until the request has
  // ended.
  Taken TakeOnlyMessage(google::protobuf::Message* message);

  // Null: no waiter any more. Each aborts if there is another one.
  void WaitForMessage(Waiter* waiter);
  void WaitForRoom(Waiter* waiter);
  // One of these is being destroyed, perhaps with its coroutine.
  void Forget(const Waiter* waiter) {
    if (reading_ == waiter) reading_ = nullptr;
    if (writing_ == waiter) writing_ = nullptr;
  }

  // Whether it has ended. Ends it first if its deadline passed while its handler kept the thread.
  bool HasEndedByNow();

  // Looks at what came, and wakes what waits for it. Returns what http2::Exchange::Run() should:
  // whether there is more to do.
  bool GoOn();
  bool GoesOn() const { return !ended_ && inflation_ != nullptr && !inflated_; }

  // Calls CallHooks::begin, if it is set.
  absl::Status RunBeginHook() {
    return calls_.hooks().begin ? calls_.hooks().begin(*this) : absl::OkStatus();
  }

  // Tells of the refusal; the call is still to be ended.
  void TellRefused(const absl::Status& why) const { Tell(calls_.hooks().refused, why); }

  // The call will not be answered by its handler any more: ends it, and lets every wait return.
  void Abandon();

 private:
  class Waiting;

  // Of http2::Exchange.
  bool Run() override = 0;
  void Received(absl::string_view bytes) override;
  void StreamClosed() override;
  void AddTrailers(std::vector<http2::Field>* trailers) override;

  struct Metadatum {
    std::string key;
    std::string value;
  };
  static bool Add(absl::string_view key, absl::string_view value, std::vector<Metadatum>* to);

  void SettleEnd(absl::Status status);
  void Tell(const std::function<void(const EndedCall&)>& hook, const absl::Status& status) const;
  void Respond(http2::Stream::Body body);
  void WakeAll();
  // Ends the call with what is wrong with its request. Called within the handler, so that other
  // waits of it are woken later.
  Taken Refuse(absl::Status status);
  // Likewise, for other reasons.
  Taken EndNow(absl::Status status);
  Taken NoMoreMessages();
  // Whether the first message can be parsed: it may have to be inflated before.
  Taken Prepare(const wire::Message& message);
  Taken Parse(absl::string_view bytes, google::protobuf::Message* message);
  void InflateMore();
  absl::Status HoldMessage(google::protobuf::Message* message, absl::string_view bytes);
  // Takes the message that was parsed off what came.
  Taken PopMessage();
  void OpenWindow(std::size_t bytes);
  absl::Status TooMuch() const;

  http2::Stream& stream_;
  const std::shared_ptr<Connection> connection_;
  CallerAccount& account_;
  Calls& calls_;
  Calls::Link link_;
  const Encoding encoding_;
  http2::Nanoseconds begun_at_ = 0;  // 0 if CallHooks::ended is not set
  http2::Nanoseconds expires_at_ = 0;
  std::optional<http2::Timer> expiry_;

  wire::MessageReader reader_;
  absl::Status fault_;                          // what is wrong with what came, for GoOn()
  http2::Buffer packed_;                        // the compressed bytes: more may come behind them
  std::unique_ptr<wire::Inflation> inflation_;  // of the first message
  bool inflated_ = false;
  std::size_t unconsumed_ = 0;      // bytes by which the stream's window is to be opened again
  std::int64_t message_bytes_ = 0;  // charged for the message that was read
  std::int64_t due_bytes_ = 0;      // to be charged once the bytes that it is parsed from are freed
  std::int64_t kept_bytes_ = 0;
  std::uint64_t bytes_received_ = 0;  // of messages, as encoded
  std::uint64_t bytes_sent_ = 0;
  Encoding request_encoding_ = Encoding::kIdentity;

  std::any attachment_;
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
  WaiterList waiting_;  // for all else
  // What metadata() has given out, and of that what was decoded.
  mutable std::optional<std::vector<http2::Header>> metadata_;
  mutable std::forward_list<std::string> decoded_;
};

}  // namespace rpc

#endif  // RPC_CALL_CALL_H_
