// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/call/method_input.h"

#include "client/json_splitter.h"
#include "client/schema/protoset_source.h"
#include "client/schema/reflection_source.h"

namespace udsecho::client {

absl::StatusOr<std::unique_ptr<FileSource>> DescriptionOf(
    const std::shared_ptr<grpc::Channel>& channel, const Options& options, Interrupt* interrupt) {
  if (!options.method.protosets.empty()) return ReadProtosets(options.method.protosets);
  return std::make_unique<ReflectionSource>(channel, options.call, interrupt);
}

std::vector<std::string> RequestsIn(absl::string_view data, bool streams_requests) {
  std::vector<std::string> objects = ObjectsIn(data);
  const bool is_blank = data.find_first_not_of(" \t\r\n") == absl::string_view::npos;
  if (is_blank && !streams_requests) objects.emplace_back("{}");
  return objects;
}

}  // namespace udsecho::client
