// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The flags that say who may connect and call: --mode, --group and --allow.
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
#include "server/allow_list.h"

namespace udsecho {

struct SocketFlags {
  std::optional<mode_t> mode;
  std::optional<gid_t> group;
  AllowList allow;
};

// Parsing writes to `flags`, which outlives it, and throws CLI::ValidationError for what makes no
// sense, names that nobody has among them.
void DeclareSocketFlags(CLI::App* app, SocketFlags* flags);

}  // namespace udsecho

#endif  // SERVER_SOCKET_FLAGS_H_
