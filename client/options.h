// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the client is to do, as its command line said (client/command_line/parse.h).
//
// Thread safety: values.

#ifndef CLIENT_OPTIONS_H_
#define CLIENT_OPTIONS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "client/retry/attempts.h"
#include "client/retry/service_config.h"
#include "client/threshold.h"

namespace udsecho::client {

enum class Verbosity { kQuiet, kVerbose };
enum class Format { kText, kJson };

// The methods of udsecho.v1.Echo that echo.
enum class Shape { kUnary, kExpand, kCollect, kChat };

enum class Mode {
  kSend,
  kCall,
  kDescribe,
  kHealth,
  kWhoAmI,
  kList,
  kStats,
  kConnections,
  kShutdown,
  kBench,
};

enum class Compression { kNone, kGzip, kDeflate };

// A status to ask for: udsecho.v1.Fault.
struct FaultOptions {
  int code = 0;  // 1 to 16
  std::string message;
  int after_messages = 0;
};

// What goes with each message.
struct RequestOptions {
  // Bytes, or a file of them ("-" is standard input). At most one of the two is not empty.
  std::string payload;
  std::string payload_file;

  absl::Duration delay;  // not below zero
  std::optional<FaultOptions> fault;
};

// What holds for every call.
struct CallOptions {
  // How long to wait for a connection, and then for each reply. Above zero; may be infinite.
  absl::Duration timeout = absl::Seconds(5);

  // Whether that is also for each reply of a stream of --call.
  bool limits_streams = false;

  // As gRPC takes it: keys in lower case, values of "-bin" as bytes.
  std::vector<std::pair<std::string, std::string>> metadata;

  // The names of files with more of them (client/command_line/header_file.h), which are read later.
  std::vector<std::string> metadata_files;

  // Of requests, and asked for in replies.
  Compression compression = Compression::kNone;

  // Empty: "localhost" on a Unix socket, host:port otherwise.
  std::string authority;

  // An idle connection is pinged that often; infinite: never.
  absl::Duration keepalive = absl::InfiniteDuration();

  // When a call that failed is sent again; unset: never. It may be in a file, which is read later
  // (client/command_line/retry_file.h).
  std::optional<ServiceConfig> retry;
  std::string retry_file;

  // With `retry`: counts the calls that are sent again.
  std::shared_ptr<const Attempts> attempts;
};

// Any method: see client/call/call.h.
struct MethodOptions {
  std::string name;                    // or the end of it; of kDescribe that of anything
  std::optional<std::string> data;     // JSON; may be empty
  std::string data_file;               // "-" is standard input; at most one of both is set
  std::vector<std::string> protosets;  // files; none: the server's reflection
  bool emit_defaults = false;          // fields without a value are shown
};

// The result as a table for spreadsheets: the run in a line, or a line for each point in time.
enum class Csv { kNone, kSummary, kPoints };

// Load: see client/bench/bench.h.
struct BenchOptions {
  absl::Duration duration = absl::Seconds(10);
  absl::Duration warmup = absl::Seconds(1);
  // Calls in flight, or with a rate the most of them. Unset: 64, or with a rate 1000.
  std::optional<int> concurrency;
  int connections = 1;
  int threads = 1;
  double rate = 0;  // calls a second; 0: as fast as answers come
  // That to begin with, for the warm-up; it changes evenly for `ramp`. Unset: `rate`.
  std::optional<double> rate_from;
  absl::Duration ramp;
  int64_t size = 64;                 // bytes of the message, if none was given
  std::optional<int> stream_length;  // messages a call, of one that streams
  std::string report;                // the HTML file; empty for none
  std::string compare;               // what an earlier run printed as JSON; empty for none
  Csv csv = Csv::kNone;
  std::vector<Threshold> fail_if;
};

struct Options {
  std::string command_line;  // for people: see client/command_line/typed.h

  // A path, unix-abstract:NAME or HOST:PORT; not looked at here.
  std::string address;
  Mode mode = Mode::kSend;

  // UTF-8, each of them.
  std::vector<std::string> messages;

  // Unset: unary for messages, chat for standard input.
  std::optional<Shape> shape;
  std::optional<int64_t> count;            // above zero
  std::optional<absl::Duration> interval;  // not below zero
  RequestOptions request;
  CallOptions call;

  // How long to wait for a server to be there: zero not at all; may be infinite.
  absl::Duration wait;

  bool watch = false;  // of kHealth
  // How long a watch waits for a server that was there: as `wait`, for ever if that is not given.
  absl::Duration wait_again = absl::InfiniteDuration();

  // Only say how grpcurl would do it.
  bool print_grpcurl = false;

  std::string output;  // the file for payloads; "-" is standard output
  Format format = Format::kText;
  Verbosity verbosity = Verbosity::kQuiet;

  // Replies of concurrent calls are shown as they come, and not in the order of their messages.
  bool unordered = false;

  // A call that fails does not keep the next ones from being made.
  bool keep_going = false;

  std::string health_service;                    // empty: the server as a whole
  std::optional<absl::Duration> shutdown_grace;  // unset: the server's own
  MethodOptions method;
  BenchOptions bench;
};

}  // namespace udsecho::client

#endif  // CLIENT_OPTIONS_H_
