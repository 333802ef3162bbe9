// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Where a Unix socket is: a path, or a name in Linux's abstract namespace.
//
//   absl::StatusOr<uds::Address> address = uds::Address::Parse(argv[1]);
//   if (!address.ok()) return Usage(address.status());
//   bind(fd, address->socket_address(), address->socket_address_length());
//
// Parsing touches no file. Relative paths stay relative (and short): they mean what they mean in
// the working directory at the time of use; see uds/callers_directory.h.
//
// Thread safety: a value; const access from several threads is fine.

#ifndef UDS_ADDRESS_H_
#define UDS_ADDRESS_H_

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace uds {

class Address {
 public:
  // The longest path or abstract name, in bytes: sun_path has 108, and one is the NUL that ends a
  // path or begins an abstract name (unix(7)). Binding to 108 bytes fails.
  static constexpr size_t kMaxLength = sizeof(sockaddr_un::sun_path) - 1;

  // Understands a path (`/tmp/sock1`, `sock1`, `./x`), which means what it says, and gRPC's forms,
  // which are URIs: `unix:rel`, `unix:/abs`, `unix:///abs` and `unix-abstract:name`. In those %20 is
  // a space, as it is for gRPC's clients; what is no escape stays as it is.
  //
  // InvalidArgument, with a sentence that says what is wrong and what would be right, for: nothing,
  // a NUL byte, more than kMaxLength bytes, a directory (`/tmp/`, `..`), `unix://rel`, `?` or `#`
  // after `unix:` (gRPC's clients would leave out the rest), and what is a legal file name but
  // surely a mistake: another scheme (`tcp:x`), a host and port (`localhost:50051`), `@name`. Each
  // of the latter can still be had as `./localhost:50051`.
  static absl::StatusOr<Address> Parse(absl::string_view text);

  bool is_abstract() const { return is_abstract_; }

  // The path, or the abstract name without its leading NUL.
  const std::string& name() const { return name_; }

  // `unix:/tmp/sock1` or `unix-abstract:name`, with %25, %3F and %23 for `%`, `?` and `#`; safe to
  // print, see uds/printable.h.
  std::string ToString() const;

  // For bind(2) and connect(2). Valid while this Address lives and is not assigned to.
  const sockaddr* socket_address() const { return reinterpret_cast<const sockaddr*>(&sockaddr_); }
  socklen_t socket_address_length() const { return sockaddr_length_; }
  const sockaddr_un& sockaddr_unix() const { return sockaddr_; }

 private:
  Address(std::string name, sockaddr_un address, socklen_t length)
      : name_(std::move(name)),
        is_abstract_(address.sun_path[0] == '\0'),
        sockaddr_(address),
        sockaddr_length_(length) {}

  static Address OfPath(absl::string_view path);
  static Address OfAbstractName(absl::string_view name);

  std::string name_;
  bool is_abstract_;
  sockaddr_un sockaddr_;
  socklen_t sockaddr_length_;
};

}  // namespace uds

#endif  // UDS_ADDRESS_H_
