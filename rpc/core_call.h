// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One call as gRPC's core has it: its operations, and what is said beside its messages.
//
//   CoreCall call;
//   call.Request(server, method, queue, &arrived);     // arrived.Complete(true): there is one
//   call.Read(&read);                                  // then call.received(), null at the end
//   call.Write(Encode(message), 0, &written);
//   call.Finish(grpc::Status::OK, nullptr, &finished);
//
// gRPC's C++ API has a class for all this. It takes an operation more for each call, to hear of its
// end, where the C API can hear of that with the status that is sent: see Finish(). Measured: a
// fifth of a call's CPU.
//
// Thread safety: none; on the polling thread of the queue. Ownership: owns the call, and what it
// sends and has received until the operation's tag was told. Neither may be destroyed before.

#ifndef RPC_CORE_CALL_H_
#define RPC_CORE_CALL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpc/grpc.h"
#include "grpcpp/support/status.h"
#include "rpc/tag.h"

namespace rpc {

class CoreCall {
 public:
  struct Header {
    absl::string_view key;
    absl::string_view value;
  };

  CoreCall();
  CoreCall(const CoreCall&) = delete;
  CoreCall& operator=(const CoreCall&) = delete;
  ~CoreCall();

  // --- Operations. `tag` is told of the end, with false when that failed. One of a kind at once.
  // ---

  // Waits for the next call of the method. Until that came nothing else may be asked of this.
  void Request(grpc_server* server, void* method, grpc_completion_queue* queue, CoreTag* tag);

  // Waits for a message, which is received() then, until it is dropped; null: there is none any
  // more.
  void Read(CoreTag* tag);
  grpc_byte_buffer* received() const { return received_; }
  void DropReceived();

  // Waits for the end of the call, whoever ends it. Once, and before Finish() or not at all.
  void AwaitEnd(CoreTag* tag);
  // By that end, or else by that of Finish(): it was not we who ended it.
  bool cancelled() const { return cancelled_ != 0; }

  // Takes the message. `flags`: GRPC_WRITE_...
  void Write(grpc_byte_buffer* message, std::uint32_t flags, CoreTag* tag);

  // Takes the message, which may be null. If AwaitEnd() was not called, `tag` is told once the
  // call has ended: ends_with_status() is then true.
  void Finish(const grpc::Status& status, grpc_byte_buffer* message, CoreTag* tag);
  bool ends_with_status() const { return ends_with_status_; }

  // Ends it from outside.
  void Cancel(const grpc::Status& status);

  // --- Beside the messages ---

  // "fd:17".
  std::string peer() const;
  // :authority, as the caller says.
  absl::string_view authority() const;
  // InfiniteFuture() if there is none.
  absl::Time deadline() const;
  // What the caller sent, that of one key in its order; valid as long as this.
  std::vector<Header> metadata() const;
  std::vector<absl::string_view> Values(absl::string_view key) const;

  // To be called before anything is sent, or before Finish(). False, and nothing is added, if gRPC
  // does not allow that: a key has lower-case letters, digits, "-", "_" and "."; a value is
  // printable ASCII, or any bytes if its key ends in "-bin".
  bool AddInitialMetadata(absl::string_view key, absl::string_view value);
  bool AddTrailingMetadata(absl::string_view key, absl::string_view value);

  grpc_call* get() const { return call_; }

 private:
  // What one batch is made of.
  using Operations = std::array<grpc_op, 4>;

  void AddHeaders(Operations* operations, std::size_t* count);
  void AddMessage(grpc_byte_buffer* message, std::uint32_t flags, Operations* operations,
                  std::size_t* count);
  void Start(const Operations& operations, std::size_t count, CoreTag* tag);
  void DropSent();

  grpc_call* call_ = nullptr;
  gpr_timespec deadline_;
  grpc_metadata_array metadata_;
  grpc_byte_buffer* received_ = nullptr;
  grpc_byte_buffer* sent_ = nullptr;
  std::vector<grpc_metadata> initial_;
  std::vector<grpc_metadata> trailing_;
  grpc_slice details_;
  int cancelled_ = 0;
  bool headers_sent_ = false;
  bool end_awaited_ = false;
  bool ends_with_status_ = false;
};

}  // namespace rpc

#endif  // RPC_CORE_CALL_H_
