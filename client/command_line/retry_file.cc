// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/retry_file.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/read_file.h"
#include "client/retry/service_config.h"

namespace udsecho::client {

Outcome ReadRetryFile(CallOptions* options) {
  if (options->retry_file.empty()) return {};
  constexpr int kNoInput = -1;
  const absl::StatusOr<std::string> text = ReadFile("--retry", options->retry_file, kNoInput);
  if (!text.ok()) return LocalIoError(text.status().message());
  absl::StatusOr<ServiceConfig> config = ParseRetryJson(*text);
  if (!config.ok()) {
    return UsageError(
        absl::StrCat("--retry: ", options->retry_file, ": ", config.status().message()));
  }
  options->retry = *std::move(config);
  return {};
}

}  // namespace udsecho::client
