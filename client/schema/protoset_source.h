// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Files from descriptor sets, for servers that do not tell of themselves:
//
//   protoc --descriptor_set_out=echo.protoset --include_imports echo.proto
//
//   absl::StatusOr<std::unique_ptr<FileSource>> source = ReadProtosets({"echo.protoset"});
//
// Thread safety: none.

#ifndef CLIENT_SCHEMA_PROTOSET_SOURCE_H_
#define CLIENT_SCHEMA_PROTOSET_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/schema/file_source.h"

namespace udsecho::client {

// The errors of reading them, and INVALID_ARGUMENT for what is no descriptor set; both name the file.
absl::StatusOr<std::unique_ptr<FileSource>> ReadProtosets(const std::vector<std::string>& paths);

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_PROTOSET_SOURCE_H_
