// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/listener.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace uds {
namespace {

absl::Status Failed(const Address& address, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot listen on ", address.ToString()));
}

UniqueFd NewSocket() {
  return UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

absl::Status BindAbstract(int fd, const Address& address) {
  if (bind(fd, address.socket_address(), address.socket_address_length()) == 0) {
    return absl::OkStatus();
  }
  if (errno == EADDRINUSE) {
    return absl::AlreadyExistsError(absl::StrCat(
        address.ToString(), " is in use; stop that server, or choose another address"));
  }
  return Failed(address, errno);
}

}  // namespace

absl::StatusOr<Listener> Listener::Open(const Address& address, const ListenerOptions& options) {
  UniqueFd fd = NewSocket();
  if (!fd.valid()) return Failed(address, errno);

  std::optional<Claim> claim;
  if (address.is_abstract()) {
    if (absl::Status status = BindAbstract(fd.get(), address); !status.ok()) return status;
  } else {
    absl::StatusOr<Claim> taken = Claim::Take(address, options.claim);
    if (!taken.ok()) return taken.status();
    claim = *std::move(taken);
    absl::Status status = claim->Bind(fd.get(), {options.mode, options.group});
    if (!status.ok()) return status;
  }
  if (listen(fd.get(), options.backlog) != 0) return Failed(address, errno);
  return Listener(std::move(fd), address, std::move(claim), options);
}

Listener Listener::Of(UniqueFd listening, Address address) {
  Listener listener(std::move(listening), std::move(address), std::nullopt, {});
  listener.handed_in_ = true;
  return listener;
}

absl::StatusOr<std::optional<UniqueFd>> Listener::Accept() {
  if (left_to_the_next_ && fd_.valid()) return std::optional<UniqueFd>();
  for (;;) {
    const int fd = earlier_.valid() ? earlier_.get() : fd_.get();
    UniqueFd connection(accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.valid()) return std::optional<UniqueFd>(std::move(connection));
    switch (errno) {
      case EINTR:
      case ECONNABORTED:  // that client went away: the next one, please
        continue;
      case EAGAIN:
      case EINVAL:  // after StopAccepting() some kernels say this once the backlog is empty
        if (earlier_.valid()) {
          earlier_.reset();
          continue;
        }
        is_empty_ = is_stopped_;
        return std::optional<UniqueFd>();
      case EMFILE:
      case ENFILE:
      case ENOMEM:
      case ENOBUFS:
        return absl::ResourceExhaustedError(
            absl::StrCat("cannot accept on ", address_.ToString(), ": ",
                         absl::ErrnoToStatus(errno, "accept4").message(),
                         "; raise the limit (ulimit -n) if this lasts"));
      case EBADF:
        return absl::FailedPreconditionError(
            absl::StrCat("cannot accept on ", address_.ToString(), ": it was closed"));
      default:
        return absl::ErrnoToStatus(errno, absl::StrCat("cannot accept on ", address_.ToString()));
    }
  }
}

void Listener::StopAccepting() {
  if (handed_in_) {
    // To shut it down would do so for the manager, and for all who are handed it afterwards.
    left_to_the_next_ = true;
    return;
  }
  // On a listening Unix socket the receiving side is the queue of connections: new ones are
  // refused, those that wait stay. An error means that there is nothing to stop.
  is_stopped_ = shutdown(fd_.get(), SHUT_RD) == 0;
}

void Listener::Close() {
  earlier_.reset();
  // Those who wait would wait on for as long as a descriptor is there.
  if (claim_.has_value() && is_empty_) bound_ = std::move(fd_);
  fd_.reset();
}

absl::Status Listener::Publish() {
  if (!claim_.has_value() || claim_->is_published()) return absl::OkStatus();
  absl::Status status = claim_->Publish();
  if (status.ok()) watch_ = claim_->Watch();
  return status;
}

absl::Status Listener::CheckStillOurs() const {
  watch_.Clear();
  return claim_.has_value() ? claim_->CheckStillOurs() : absl::OkStatus();
}

absl::Status Listener::Restore() {
  if (!claim_.has_value() || !fd_.valid()) {
    return absl::FailedPreconditionError(
        absl::StrCat(address_.ToString(), " has no path that could be made again"));
  }
  if (earlier_.valid()) {
    return absl::UnavailableError("connections still wait at the socket of before");
  }
  UniqueFd fd = NewSocket();
  if (!fd.valid()) return Failed(address_, errno);
  absl::StatusOr<Claim::Restored> restored =
      claim_->Restore(fd.get(), {options_.mode, options_.group});
  if (!restored.ok()) return restored.status();
  if (*restored == Claim::Restored::kNewSocket) {
    if (listen(fd.get(), options_.backlog) != 0) {
      const int error = errno;
      claim_->Unbind().IgnoreError();
      return Failed(address_, error);
    }
    earlier_ = std::exchange(fd_, std::move(fd));
    shutdown(earlier_.get(), SHUT_RD);  // as StopAccepting() does
  }
  watch_ = claim_->Watch();
  return absl::OkStatus();
}

absl::Status Listener::Release() {
  Close();
  absl::Status status = claim_.has_value() ? claim_->Release() : absl::OkStatus();
  bound_.reset();
  return status;
}

}  // namespace uds
