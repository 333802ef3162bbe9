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

absl::string_view View(const std::string& text) { return text; }
absl::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

template <class Metadata>
void TellAll(const char* what, const Metadata& metadata, Progress* progress) {
  for (const auto& [key, value] : metadata) {
    const bool is_binary = absl::EndsWith(View(key), "-bin");
    progress->Tell(what, absl::StrCat(View(key), ": ",
                                      is_binary ? Base64(View(value)) : std::string(View(value))));
  }
}

const char* NameOf(Compression compression) {
  return compression == Compression::kGzip ? "gzip" : "deflate";
}

}  // namespace

void TellCall(const CallBegin& begin, const CallOptions& options, Progress* progress) {
  if (!progress->verbose()) return;
  progress->Tell("Calling ", begin.method);
  progress->Tell("Authority: ", options.authority.empty() ? begin.authority : options.authority);
  const bool limited = begin.timeout != absl::InfiniteDuration();
  progress->Tell("Timeout: ", limited ? absl::FormatDuration(begin.timeout) : "none");
  if (options.compression != Compression::kNone) {
    progress->Tell("Compression: ", NameOf(options.compression));
  }
  TellAll("Sent header: ", options.metadata, progress);
}

void TellEnd(const CallEnd& end, Progress* progress) {
  if (!progress->verbose()) return;
  TellAll("Header: ", end.context.GetServerInitialMetadata(), progress);
  TellAll("Trailer: ", end.context.GetServerTrailingMetadata(), progress);
  progress->Tell("Ended: ", absl::StrCat(CodeName(end.status.error_code()), " after ",
                                         Milliseconds(end.took)));
}

}  // namespace udsecho::client
