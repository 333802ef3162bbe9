// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The flags themselves: names, groups and what --help says of each. The one place for them: help,
// completions and the manual page are made from it.
//
//   RawOptions raw;
//   CLI::App app;
//   DeclareFlags(&app, &raw);
//   cli::Parse(&app, argc, argv);
//
// Thread safety: none.

#ifndef CLIENT_COMMAND_LINE_FLAGS_H_
#define CLIENT_COMMAND_LINE_FLAGS_H_

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace udsecho::client {

// What was typed. Empty: not given (or given empty, where that makes no difference).
struct RawOptions {
  std::string address;
  std::vector<std::string> messages;

  std::string shape, count, interval, payload, delay, fault, fault_after, compression;
  std::vector<std::string> metadata;
  std::string call, describe;
  std::vector<std::string> data, protosets;
  bool unordered = false, keep_going = false, print_grpcurl = false, emit_defaults = false;
  std::string timeout, wait, authority, retry;
  std::string output;
  bool json = false, verbose = false;
  // Flags that may have a value: "true" without one.
  std::string health, connections, shutdown, keepalive;
  bool watch = false, whoami = false, list = false, stats = false;
  bool bench = false;
  std::string duration, warmup, concurrency, threads, rate, size, stream_length, report;
  std::string compare, fail_if, csv;
  std::string help, completion;
  bool version = false;
};

// What stands for "not given" of a flag that may have an empty value.
inline constexpr char kNoValue[] = "true";

// Adds all flags to `app`, which writes into `raw` as long as it lives. What a flag's type_name()
// says: cli/flag.h.
void DeclareFlags(CLI::App* app, RawOptions* raw);

}  // namespace udsecho::client

#endif  // CLIENT_COMMAND_LINE_FLAGS_H_
