// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/limits.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "uds/descriptor_limit.h"

namespace rpc {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

class Checks {
 public:
  void Within(absl::string_view member, std::int64_t value, std::int64_t least,
              std::int64_t most = std::numeric_limits<std::int64_t>::max()) {
    if (value >= least && value <= most) return;
    Fail(absl::StrCat("Limits::", member, " is ", value, ", and must be at least ", least,
                      most == std::numeric_limits<std::int64_t>::max()
                          ? std::string()
                          : absl::StrCat(" and at most ", most)));
  }
  void Above0(absl::string_view member, absl::Duration value) {
    if (value > absl::ZeroDuration()) return;
    Fail(absl::StrCat("Limits::", member, " is ", absl::FormatDuration(value),
                      ", and must be above 0"));
  }
  void NotNegative(absl::string_view member, absl::Duration value) {
    if (value >= absl::ZeroDuration()) return;
    Fail(absl::StrCat("Limits::", member, " is ", absl::FormatDuration(value),
                      ", and must not be negative"));
  }

  const absl::Status& status() const { return status_; }

 private:
  void Fail(absl::string_view why) { status_.Update(absl::InvalidArgumentError(why)); }

  absl::Status status_;
};

}  // namespace

int Limits::MostConnections() {
  return static_cast<int>(std::clamp<std::int64_t>(uds::DescriptorLimit() - kOwnDescriptors, 1,
                                                   std::numeric_limits<int>::max()));
}

absl::Status Limits::Check() const {
  Checks checks;
  checks.Within("max_connections", max_connections, 1);
  checks.Within("max_connections_per_uid", max_connections_per_uid, 1);
  checks.Within("max_silent_connections", max_silent_connections, 1);
  checks.Within("max_calls", max_calls, 1);
  checks.Within("max_calls_per_uid", max_calls_per_uid, 1);
  checks.Within("max_message_bytes", max_message_bytes, 1);
  checks.Within("max_metadata_bytes", max_metadata_bytes, kKiB, kMiB);
  checks.Within("max_memory_bytes", max_memory_bytes, 16 * kMiB);
  checks.Above0("handshake_timeout", handshake_timeout);
  checks.Above0("send_timeout", send_timeout);
  checks.Above0("max_connection_idle", max_connection_idle);
  checks.Above0("max_connection_age", max_connection_age);
  checks.NotNegative("max_connection_age_grace", max_connection_age_grace);
  checks.NotNegative("min_ping_interval", min_ping_interval);
  return checks.status();
}

}  // namespace rpc
