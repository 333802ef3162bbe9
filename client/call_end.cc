// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/call_end.h"

#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/json.h"
#include "client/statistics.h"

namespace udsecho::client {
namespace {

void TellAll(const char* what, const std::multimap<grpc::string_ref, grpc::string_ref>& metadata,
             Progress* progress) {
  for (const auto& [key, value] : metadata) {
    const std::string name(key.data(), key.size());
    const std::string text(value.data(), value.size());
    progress->Tell(what,
                   absl::StrCat(name, ": ", absl::EndsWith(name, "-bin") ? Base64(text) : text));
  }
}

}  // namespace

void TellEnd(const CallEnd& end, Progress* progress) {
  if (!progress->verbose()) return;
  TellAll("Header: ", end.context.GetServerInitialMetadata(), progress);
  TellAll("Trailer: ", end.context.GetServerTrailingMetadata(), progress);
  progress->Tell("Ended: ", absl::StrCat(CodeName(end.status.error_code()), " after ",
                                         Milliseconds(end.took)));
}

}  // namespace udsecho::client
