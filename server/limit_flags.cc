// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/limit_flags.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cli/duration.h"
#include "cli/integer.h"
#include "cli/size.h"
#include "server/memory_limit.h"
#include "uds/descriptor_limit.h"

namespace udsecho {
namespace {

// More of anything than one process can have.
constexpr int kMostOfAnything = 1'000'000;

constexpr int64_t kLongestMessage = int64_t{1} << 30;  // protobuf counts in an int
constexpr int64_t kLeastMetadata = int64_t{1} << 10;
constexpr int64_t kMostMetadata = int64_t{1} << 20;
constexpr int64_t kLeastMemory = int64_t{16} << 20;
constexpr int64_t kMostMemory = int64_t{1} << 46;  // what an address space has room for

void Throw(absl::string_view flag, absl::string_view why) {
  throw CLI::ValidationError(absl::StrCat(flag, ": ", why));
}

template <typename T>
T ValueOrThrow(absl::StatusOr<T> value) {
  if (!value.ok()) throw CLI::ValidationError(std::string(value.status().message()));
  return *value;
}

int ParseCount(absl::string_view flag, absl::string_view text) {
  const absl::StatusOr<int64_t> count = cli::ParseInteger(flag, text, 1, kMostOfAnything);
  if (count.ok()) return static_cast<int>(*count);
  throw CLI::ValidationError(absl::StrCat(
      count.status().message(), "; there is no value for unlimited, give a large one instead"));
}

struct DurationRange {
  absl::Duration least;
  absl::Duration most;
};

// What must happen at some time, so that nobody holds on to something for good.
constexpr absl::Duration kTick = absl::Milliseconds(1);
constexpr absl::Duration kDay = absl::Hours(24);

absl::Duration ParseWithin(absl::string_view flag, absl::string_view text,
                           const DurationRange& range) {
  return ValueOrThrow(cli::ParseDurationWithin(flag, text, range.least, range.most));
}

int64_t ParseSizeWithin(absl::string_view flag, absl::string_view text, int64_t least,
                        int64_t most) {
  const int64_t bytes = ValueOrThrow(cli::ParseSize(flag, text));
  if (bytes < least || bytes > most) {
    Throw(flag, absl::StrCat("'", text, "' is out of range; use ", cli::FormatSize(least), " to ",
                             cli::FormatSize(most)));
  }
  return bytes;
}

void DeclareOne(CLI::App* app, const std::string& flag, const char* unit, const std::string& group,
                const std::string& what, const std::string& by_default,
                const std::function<void(const std::string&)>& parse) {
  app->add_option_function<std::string>(flag, parse, absl::StrCat(what, " (", by_default, ")"))
      ->type_name(unit)
      ->group(group);
}

// Declares flags of one group.
class Group {
 public:
  Group(CLI::App* app, rpc::Limits* limits, std::string name)
      : app_(app), limits_(limits), name_(std::move(name)) {}

  void Count(const std::string& flag, int rpc::Limits::*field, const std::string& what) {
    int* const value = &(limits_->*field);
    DeclareOne(app_, flag, "N", name_, what, absl::StrCat(*value),
               [flag, value](const std::string& text) { *value = ParseCount(flag, text); });
  }

  void Flag(const std::string& flag, bool rpc::Limits::*field, const std::string& what) {
    bool* const value = &(limits_->*field);
    DeclareOne(app_, flag, "true|false", name_, what, *value ? "true" : "false",
               [value](const std::string& text) { *value = text == "true"; });
  }

  void Duration(const std::string& flag, absl::Duration rpc::Limits::*field,
                const DurationRange& range, const std::string& what) {
    absl::Duration* const value = &(limits_->*field);
    const std::string by_default =
        *value == absl::InfiniteDuration() ? "never" : absl::FormatDuration(*value);
    DeclareOne(
        app_, flag, "TIME", name_, what, by_default,
        [flag, value, range](const std::string& text) { *value = ParseWithin(flag, text, range); });
  }

  template <typename T>
  void Size(const std::string& flag, T rpc::Limits::*field, int64_t least, int64_t most,
            const std::string& what) {
    T* const value = &(limits_->*field);
    DeclareOne(app_, flag, "SIZE", name_, what, cli::FormatSize(*value),
               [flag, value, least, most](const std::string& text) {
                 *value = static_cast<T>(ParseSizeWithin(flag, text, least, most));
               });
  }

 private:
  CLI::App* const app_;
  rpc::Limits* const limits_;
  const std::string name_;
};

// A cap for one uid that is above the one for all would never be reached.
void CheckPerUid(const CLI::App& app, const std::string& flag, int all, int per_uid) {
  const std::string per_uid_flag = absl::StrCat(flag, "_per_uid");
  if (app.count(flag) == 0 || app.count(per_uid_flag) == 0 || per_uid <= all) return;
  Throw(per_uid_flag, absl::StrCat(per_uid, " is more than the ", all, " that ", flag,
                                   " gives to all; use less, or raise that"));
}

// As it was when first asked: the process takes memory itself.
const std::optional<MemoryLimit>& MemoryLimitAtStart() {
  static const auto& limit = *new std::optional<MemoryLimit>(TightestMemoryLimit());
  return limit;
}

}  // namespace

void TakeDefaultsFromSystem(rpc::Limits* limits) {
  if (MemoryLimitAtStart().has_value()) {
    limits->max_memory_bytes =
        DefaultMaxMemory(MemoryLimitAtStart()->bytes, limits->max_memory_bytes, kLeastMemory);
  }
}

std::vector<Shortage> CompareWithSystem(const rpc::Limits& limits) {
  const rpc::Limits usual;
  std::vector<Shortage> shortages;
  const int most = rpc::Limits::MostConnections();
  if (limits.max_connections > most ||
      (most < rpc::Limits::kUsualConnections && limits.max_connections == most)) {
    shortages.push_back(
        {.what = "descriptors",
         .message = absl::StrCat("this process may have ", uds::DescriptorLimit(),
                                 " descriptors, and --max_connections is ", limits.max_connections,
                                 "; for more connections raise `ulimit -Hn`, or LimitNOFILE="),
         .fits = limits.max_connections <= most});
  }
  const std::optional<MemoryLimit>& memory = MemoryLimitAtStart();
  if (!memory.has_value()) return shortages;
  const int64_t half = memory->bytes / 2;
  const int64_t by_default = DefaultMaxMemory(memory->bytes, usual.max_memory_bytes, kLeastMemory);
  const bool fits = limits.max_memory_bytes <= half;
  if (!fits || (by_default < usual.max_memory_bytes && limits.max_memory_bytes == by_default)) {
    shortages.push_back(
        {.what = "memory",
         .message = absl::StrCat(memory->what, ", and --max_memory is ",
                                 cli::FormatSize(limits.max_memory_bytes),
                                 fits ? "; for more calls at once raise that limit"
                                      : ": the kernel may end the server when many calls are in "
                                        "flight; raise that limit, or lower --max_memory"),
         .fits = fits});
  }
  return shortages;
}

void DeclareLimitFlags(CLI::App* app, rpc::Limits* limits) {
  using rpc::Limits;
  TakeDefaultsFromSystem(limits);
  const DurationRange finite = {kTick, kDay};
  const DurationRange or_never = {kTick, absl::InfiniteDuration()};

  Group connections(app, limits, "Connections");
  connections.Count("--max_connections", &Limits::max_connections, "Open at once, in all");
  connections.Count("--max_connections_per_uid", &Limits::max_connections_per_uid,
                    "Open at once, of one user");
  connections.Count("--max_silent_connections", &Limits::max_silent_connections,
                    "Open that have not spoken yet, in all");
  connections.Duration("--handshake_timeout", &Limits::handshake_timeout, finite,
                       "Closed if silent for so long from the start");
  connections.Duration("--send_timeout", &Limits::send_timeout, finite,
                       "Closed if answers are left unread for so long");
  connections.Duration("--max_connection_idle", &Limits::max_connection_idle, or_never,
                       "Told to leave after so long without calls");
  connections.Duration("--max_connection_age", &Limits::max_connection_age, or_never,
                       "Told to leave when open for so long");
  connections.Duration("--max_connection_age_grace", &Limits::max_connection_age_grace,
                       {absl::ZeroDuration(), absl::InfiniteDuration()},
                       "How long its calls may go on then");
  connections.Duration("--min_ping_interval", &Limits::min_ping_interval,
                       {absl::ZeroDuration(), kDay}, "Told to leave if it pings more often");
  connections.Flag("--pings_when_idle", &Limits::pings_when_idle, "May ping without a call");

  Group calls(app, limits, "Calls");
  calls.Count("--max_calls", &Limits::max_calls, "In flight at once, in all");
  calls.Count("--max_calls_per_uid", &Limits::max_calls_per_uid, "In flight at once, of one user");
  calls.Size("--max_message", &Limits::max_message_bytes, 1, kLongestMessage,
             "The longest request that is accepted");
  calls.Size("--max_metadata", &Limits::max_metadata_bytes, kLeastMetadata, kMostMetadata,
             "The longest metadata that is accepted");
  calls.Size("--max_memory", &Limits::max_memory_bytes, kLeastMemory, kMostMemory,
             "What messages may take in all");
}

void CheckLimitsTogether(const CLI::App& app, const rpc::Limits& limits) {
  CheckPerUid(app, "--max_connections", limits.max_connections, limits.max_connections_per_uid);
  CheckPerUid(app, "--max_calls", limits.max_calls, limits.max_calls_per_uid);
  if (limits.max_message_bytes > limits.max_memory_bytes) {
    Throw("--max_message", absl::StrCat(cli::FormatSize(limits.max_message_bytes),
                                        " is more than all messages may take, ",
                                        cli::FormatSize(limits.max_memory_bytes),
                                        "; use less, or raise --max_memory"));
  }
}

}  // namespace udsecho
