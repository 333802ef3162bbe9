// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/style.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace udsecho::client {

Style Style::For(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return Style();
  if (terminal == nullptr || std::strcmp(terminal, "dumb") == 0) return Style();
  return Style(isatty(fd) == 1);
}

}  // namespace udsecho::client
