// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Whom to call: a Unix socket, or host:port for a server behind a proxy.
//
//   absl::StatusOr<Target> target = Target::Parse("localhost:50051");
//   absl::StatusOr<uds::UniqueFd> fd = target->Connect(absl::Seconds(5));
//
// gRPC's own connecting hides why it fails. It is used for --retry alone (echo_client.h).
//
// Thread safety: a value; const access from several threads is fine.

#ifndef CLIENT_TARGET_H_
#define CLIENT_TARGET_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/interrupt.h"
#include "client/monotonic.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace udsecho::client {

// Until what is not there yet is looked for again: soon enough for a person, seldom enough for the
// machine.
inline constexpr absl::Duration kRetryInterval = absl::Milliseconds(20);

class Target {
 public:
  // What uds::Address::Parse() takes, "HOST:PORT" and "[IPv6]:PORT". A path that looks like a host
  // and a port is written "./host:1" or "unix:host:1". INVALID_ARGUMENT for anything else.
  static absl::StatusOr<Target> Parse(absl::string_view text);

  // "unix:/tmp/sock1" or "localhost:50051"; safe to print.
  const std::string& name() const { return name_; }

  // What clients say there as :authority.
  const std::string& authority() const { return authority_; }

  // For gRPC's own connecting: "unix:/tmp/sock1", "unix-abstract:name" or "dns:///localhost:50051",
  // with what a URI does not take as %XX.
  std::string Uri() const;

  // Of a Unix socket; none for host:port.
  const std::optional<uds::Address>& address() const { return address_; }

  // A connected stream socket, non-blocking and close-on-exec. Errors as uds::Connect(), and
  // NotFound for a host that has no address.
  absl::StatusOr<uds::UniqueFd> Connect(absl::Duration timeout) const;

  // The same, again and again until `wait_until` while nobody is there. CANCELLED on Ctrl-C. `waits` is
  // called once, when it begins to wait.
  absl::StatusOr<uds::UniqueFd> ConnectWaiting(absl::Duration timeout, MonotonicTime wait_until,
                                               Interrupt* interrupt,
                                               std::function<void()> waits = nullptr) const;

 private:
  Target() = default;

  std::string name_;
  std::string authority_;
  std::optional<uds::Address> address_;  // else host_ and port_
  std::string host_;
  std::string port_;
};

}  // namespace udsecho::client

#endif  // CLIENT_TARGET_H_
