// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/self_call.h"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "grpcpp/create_channel_posix.h"

namespace rpc {
namespace {

constexpr char kMethod[] = "/grpc.health.v1.Health/Check";  // of the server as a whole: no bytes
constexpr std::chrono::seconds kPatience(5);
constexpr absl::Duration kPause = absl::Seconds(1);

}  // namespace

SelfCall::Attempt::Attempt(uds::UniqueFd fd)
    : channel(grpc::CreateInsecureChannelFromFd("localhost", fd.release())) {}

void SelfCall::Start() {
  if (cancelled_) return;
  absl::StatusOr<uds::UniqueFd> fd = Connect();
  if (!fd.ok()) return Failed(fd.status());
  attempt_.emplace(*std::move(fd));
  attempt_->context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const grpc::Slice nothing;
  grpc::GenericStub stub(attempt_->channel);
  attempt_->reader = stub.PrepareUnaryCall(&attempt_->context, kMethod,
                                           grpc::ByteBuffer(&nothing, 1), shard_->queue());
  attempt_->reader->StartCall();
  attempt_->reader->Finish(&attempt_->response, &attempt_->status, static_cast<Tag*>(this));
}

absl::StatusOr<uds::UniqueFd> SelfCall::Connect() const {
  uds::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // With a name, of the kernel's choice, which other clients do not have: see connection.h.
  const sockaddr unnamed = {.sa_family = AF_UNIX, .sa_data = {}};
  if (fd.valid() && bind(fd.get(), &unnamed, sizeof(unnamed.sa_family)) == 0 &&
      connect(fd.get(), address_.socket_address(), address_.socket_address_length()) == 0) {
    return fd;
  }
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot connect to ", address_.ToString()));
}

void SelfCall::Complete(bool /*ok*/) {
  const grpc::Status status = attempt_->status;
  attempt_.reset();
  if (cancelled_) return;
  if (status.ok()) return told_.answered();
  Failed({static_cast<absl::StatusCode>(status.error_code()), status.error_message()});
}

void SelfCall::Failed(const absl::Status& why) {
  told_.failed(why);
  shard_->After(kPause, [this] { Start(); });
}

void SelfCall::Cancel() {
  cancelled_ = true;
  if (attempt_.has_value()) attempt_->context.TryCancel();
}

}  // namespace rpc
