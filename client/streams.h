// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the client has of its process: so that a test can give it something else.
//
// Thread safety: a value. Ownership: borrows.

#ifndef CLIENT_STREAMS_H_
#define CLIENT_STREAMS_H_

#include <unistd.h>

#include "client/interrupt.h"

namespace udsecho::client {

struct Streams {
  int in = STDIN_FILENO;
  int out = STDOUT_FILENO;
  int err = STDERR_FILENO;
  Interrupt* interrupt = nullptr;  // none: nothing interrupts it
  bool bounds_memory = false;      // of the whole process: see memory_guard.h
};

}  // namespace udsecho::client

#endif  // CLIENT_STREAMS_H_
