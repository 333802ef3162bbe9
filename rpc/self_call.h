// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server's call to itself over its own socket, as a client makes it: the path leads here, whoever
// connects is accepted and let in, and a call is answered. What health tells rests on it.
//
//   SelfCall call(shard, address, {.answered = [] { ... }, .failed = [](const auto& why) { ... }});
//   shard->Post([&] { call.Start(); });
//
// It asks grpc.health.v1.Health/Check, and again a second later if that was not answered. Nothing
// waits for it: connect(2) is told not to, and the reply comes through the shard's queue.
//
// Thread safety: none; on the polling thread of the shard, as are the callbacks.
// Ownership: borrows the shard, and must outlive its Stop().

#ifndef RPC_SELF_CALL_H_
#define RPC_SELF_CALL_H_

#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/client_context.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "rpc/shard.h"
#include "rpc/tag.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace rpc {

class SelfCall final : private Tag {
 public:
  struct Told {
    std::function<void()> answered;                   // once
    std::function<void(const absl::Status&)> failed;  // each time
  };

  SelfCall(Shard* shard, uds::Address address, Told told)
      : shard_(shard), address_(std::move(address)), told_(std::move(told)) {}

  void Start();

  // Nobody wants to know any more.
  void Cancel();

 private:
  // What one try needs.
  struct Attempt {
    explicit Attempt(uds::UniqueFd fd);

    std::shared_ptr<grpc::Channel> channel;
    grpc::ClientContext context;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
    grpc::ByteBuffer response;
    grpc::Status status;
  };

  absl::StatusOr<uds::UniqueFd> Connect() const;
  void Complete(bool ok) override;
  void Failed(const absl::Status& why);

  Shard* const shard_;
  const uds::Address address_;
  const Told told_;
  std::optional<Attempt> attempt_;
  bool cancelled_ = false;
};

}  // namespace rpc

#endif  // RPC_SELF_CALL_H_
