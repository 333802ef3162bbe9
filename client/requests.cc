// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/requests.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "uds/printable.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

absl::StatusOr<std::string> ReadAll(int fd, absl::string_view name) {
  std::string bytes;
  char block[64 * 1024];
  while (true) {
    const ssize_t got = TEMP_FAILURE_RETRY(read(fd, block, sizeof(block)));
    if (got < 0) return absl::ErrnoToStatus(errno, absl::StrCat("--payload: cannot read ", name));
    if (got == 0) return bytes;
    bytes.append(block, got);
    if (bytes.size() > Requests::kMaxPayload) {
      return absl::ResourceExhaustedError(absl::StrCat("--payload: ", name, " has more than ",
                                                       Requests::kMaxPayload,
                                                       " bytes; nothing was sent"));
    }
  }
}

absl::StatusOr<std::string> ReadPayload(const RequestOptions& options, int in) {
  if (options.payload_file.empty()) return options.payload;
  if (options.payload_file == "-") return ReadAll(in, "standard input");
  const std::string name = uds::Printable(options.payload_file);
  const uds::UniqueFd fd(open(options.payload_file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("--payload: cannot open ", name));
  return ReadAll(fd.get(), name);
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

template <class Request>
void FillCommon(const RequestOptions& options, const std::string& payload, Request* request) {
  request->set_payload(payload);
  if (options.delay > absl::ZeroDuration()) *request->mutable_delay() = ToProto(options.delay);
  if (!options.fault.has_value()) return;
  request->mutable_fault()->set_code(options.fault->code);
  request->mutable_fault()->set_message(options.fault->message);
  request->mutable_fault()->set_after_messages(options.fault->after_messages);
}

}  // namespace

absl::StatusOr<Requests> Requests::Make(const Options& options, int in) {
  const absl::StatusOr<std::string> payload = ReadPayload(options.request, in);
  if (!payload.ok()) return payload.status();
  Requests requests;
  FillCommon(options.request, *payload, &requests.echo_);
  FillCommon(options.request, *payload, &requests.expand_);
  if (options.count.has_value()) {
    // More than the field holds is the server's to refuse, like more than it allows.
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
    requests.expand_.set_count(static_cast<int32_t>(std::min(*options.count, kMost)));
  }
  if (options.interval.has_value()) {
    *requests.expand_.mutable_interval() = ToProto(*options.interval);
  }
  return requests;
}

void Requests::FillEcho(absl::string_view message, v1::EchoRequest* request) const {
  *request = echo_;
  request->mutable_message()->assign(message.data(), message.size());
}

void Requests::FillExpand(absl::string_view message, v1::ExpandRequest* request) const {
  *request = expand_;
  request->mutable_message()->assign(message.data(), message.size());
}

}  // namespace udsecho::client
