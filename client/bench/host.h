// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a bench ran on and with: numbers mean little without it.
//
// Thread safety: Surroundings::Here() from any thread.

#ifndef CLIENT_BENCH_HOST_H_
#define CLIENT_BENCH_HOST_H_

#include <string>

namespace udsecho::client {

struct Surroundings {
  int cores = 0;       // that this process may use
  std::string cpu;     // its model; empty where the kernel does not tell
  std::string kernel;  // "Linux 6.1.0-18-amd64 x86_64"
  std::string client;  // versions
  std::string grpc;

  static Surroundings Here();
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_HOST_H_
