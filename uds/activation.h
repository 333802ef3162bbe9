// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The listening sockets that a service manager opened for this process: systemd's socket
// activation, or anything that does as sd_listen_fds(3) describes.
//
// A server with one socket:
//
//   absl::StatusOr<std::optional<uds::ActivatedSocket>> given = uds::TakeActivatedSocket();
//   if (!given.ok()) return Fail(given.status());
//   if (given->has_value()) Serve(uds::Listener::Of(std::move((*given)->fd), (*given)->address));
//
// A server with several, which the units tell apart by FileDescriptorName= (or TakeAt(), by
// ListenStream=):
//
//   absl::StatusOr<uds::ActivatedSockets> given = uds::ActivatedSockets::Take();
//   if (!given.ok()) return Fail(given.status());
//   std::optional<uds::ActivatedSocket> admin = given->TakeNamed("admin");
//   std::optional<uds::ActivatedSocket> other = given->TakeNamed("public");
//   if (absl::Status left = given->CheckNoneIsLeft(); !left.ok()) return Fail(left);
//
// The path of such a socket belongs to the manager: it is neither made, changed nor removed here.
//
// Thread safety: changes the environment: call it first in main, before any thread starts.
// Ownership: each socket belongs to whoever took it. Those that are left are closed with the
// ActivatedSockets.

#ifndef UDS_ACTIVATION_H_
#define UDS_ACTIVATION_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace uds {

struct ActivatedSocket {
  UniqueFd fd;  // non-blocking and close-on-exec
  Address address;
  // FileDescriptorName= of the unit; without it systemd gives the unit's name, such as "a.socket".
  // "unknown" if the manager gives no names.
  std::string name;
};

class ActivatedSockets {
 public:
  // Takes all sockets that $LISTEN_FDS tells of, and that variable with its kin out of the
  // environment. Empty when there are none: $LISTEN_FDS is 0 or empty, or $LISTEN_PID is not this
  // process. InvalidArgument, with a sentence, when one of them is no listening Unix stream socket
  // with an address, or when $LISTEN_FDNAMES has not one name for each.
  static absl::StatusOr<ActivatedSockets> Take();

  // Whether none is left.
  bool empty() const { return sockets_.empty(); }

  // The socket of that name, or nullopt. If several have the name, as with a unit that has several
  // ListenStream=, the first that is left.
  std::optional<ActivatedSocket> TakeNamed(absl::string_view name);

  // The socket that listens at `address`, or nullopt. Two paths of one file are the same.
  std::optional<ActivatedSocket> TakeAt(const Address& address);

  // InvalidArgument, with the names and addresses, if sockets are left that nobody took: clients
  // that connect to them would wait forever.
  absl::Status CheckNoneIsLeft() const;

 private:
  explicit ActivatedSockets(std::vector<ActivatedSocket> sockets) : sockets_(std::move(sockets)) {}

  std::vector<ActivatedSocket> sockets_;
};

// For a server with one socket: the only one there is, or nullopt if there is none. Errors as
// above; InvalidArgument if there are several. Names are not looked at.
absl::StatusOr<std::optional<ActivatedSocket>> TakeActivatedSocket();

// Whether `wanted` is where `given` listens: InvalidArgument with both if not. Two names of one
// file are the same.
absl::Status CheckSameAddress(const Address& given, const Address& wanted);

}  // namespace uds

#endif  // UDS_ACTIVATION_H_
