// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Ends the program if a condition does not hold: a mistake of the program, which no client can
// cause.
//
//   RPC_CHECK(descriptor != nullptr, "no .proto of this program declares the service");
//
// Thread safety: any thread.

#ifndef RPC_CHECK_H_
#define RPC_CHECK_H_

#include <cstdio>
#include <cstdlib>

#define RPC_CHECK(holds, why)                                                    \
  do {                                                                           \
    const bool it_holds = holds;                                                 \
    if (!it_holds) {                                                             \
      std::fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, why, #holds); \
      std::abort();                                                              \
    }                                                                            \
  } while (false)

#endif  // RPC_CHECK_H_
