// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Where .proto files come from: a server that tells of itself (reflection_source.h) or files on this
// machine (protoset_source.h). Nothing that comes out is checked; Schema does that.
//
//   absl::StatusOr<FileSource::Files> files = source->FilesOf("udsecho.v1.Echo");
//
// Thread safety: none.

#ifndef CLIENT_SCHEMA_FILE_SOURCE_H_
#define CLIENT_SCHEMA_FILE_SOURCE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace udsecho::client {

class FileSource {
 public:
  // Encoded google.protobuf.FileDescriptorProto: what was asked for, and perhaps what it imports.
  using Files = std::vector<std::string>;

  virtual ~FileSource() = default;

  // Full names, in alphabetical order.
  virtual absl::StatusOr<std::vector<std::string>> Services() = 0;

  // The file that declares a service, a method or a type, by its full name. NOT_FOUND if there is
  // none; other errors are those of asking for it.
  virtual absl::StatusOr<Files> FilesOf(const std::string& symbol) = 0;

  // The file that others import under that name. Likewise.
  virtual absl::StatusOr<Files> FileNamed(const std::string& name) = 0;

  // Nothing will be asked for a while: lets go of what others may wait for.
  virtual void Rest() {}
};

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_FILE_SOURCE_H_
