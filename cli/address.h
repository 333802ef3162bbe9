// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a person may type in the place of an address, and means otherwise: "help", "50051".
//
//   if (absl::Status status = cli::CheckAddressWord(text, cli::kServer); !status.ok()) ...
//
// uds/address.h would take these for relative paths, since any word may be one.
//
// Thread safety: a pure function.

#ifndef CLI_ADDRESS_H_
#define CLI_ADDRESS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cli/program.h"

namespace udsecho::cli {

// Which program asks, and what it can say instead of a port.
struct AddressUser {
  absl::string_view program;
  bool reaches_tcp;
};

inline const AddressUser kServer = {ServerName(), false};
inline const AddressUser kClient = {ClientName(), true};

// INVALID_ARGUMENT for a command ("help", "start"), a port, or the name or address of a machine.
// Each can be had as a socket's path with "./" in front.
absl::Status CheckAddressWord(absl::string_view text, const AddressUser& user);

}  // namespace udsecho::cli

#endif  // CLI_ADDRESS_H_
