// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "examples/proxies/caller.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace proxies {
namespace {

absl::StatusOr<std::string> OnlyValue(const rpc::Call& call, absl::string_view key) {
  const std::vector<absl::string_view> values = call.MetadataValues(key);
  if (values.size() > 1) {
    return absl::InternalError(
        absl::StrCat("the proxy adds ", key, " to the caller's own: it must overwrite it"));
  }
  return values.empty() ? std::string() : std::string(values.front());
}

}  // namespace

absl::StatusOr<Caller> CallerOf(const rpc::Call& call, uid_t proxy_uid) {
  if (call.peer().uid != proxy_uid) {
    return absl::PermissionDeniedError(
        absl::StrCat("uid ", call.peer().uid, " is not the proxy: call through the proxy"));
  }
  absl::StatusOr<std::string> subject = OnlyValue(call, "x-client-subject");
  if (!subject.ok()) return subject.status();
  absl::StatusOr<std::string> address = OnlyValue(call, "x-client-address");
  if (!address.ok()) return address.status();
  return Caller{.subject = *std::move(subject), .address = *std::move(address)};
}

}  // namespace proxies
