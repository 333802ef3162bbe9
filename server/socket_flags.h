// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The flags that say who may connect and call (--mode, --group and --allow), and how the path is
// claimed (--allow_shared_directory, --takeover and --wait_for_path).
//
//   SocketFlags socket;
//   DeclareSocketFlags(&app, &socket);
//   app.parse(argc, argv);
//
// Thread safety: none is needed.

#ifndef SERVER_SOCKET_FLAGS_H_
#define SERVER_SOCKET_FLAGS_H_

#include <sys/types.h>

#include <optional>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/time/time.h"
#include "server/allow_list.h"

namespace udsecho {

struct SocketFlags {
  std::optional<mode_t> mode;
  std::optional<gid_t> group;
  AllowList allow;
  bool allow_shared_directory = false;
  bool take_over = false;
  std::optional<absl::Duration> wait_for_path;
};

// Parsing writes to `flags`, which outlives it, and throws CLI::ValidationError for what makes no
// sense, names that nobody has among them.
void DeclareSocketFlags(CLI::App* app, SocketFlags* flags);

}  // namespace udsecho

#endif  // SERVER_SOCKET_FLAGS_H_
