// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How much .proto files may cost. Linked, they may be many times their bytes: each element has its full
// name, with its package in it, and each reserved range is compared with each field.
//
//   FileBudget budget;
//   if (!budget.TakeBytes(bytes)) return TooLarge();
//   file.ParseFromString(bytes);
//   if (!budget.TakeFile(file)) return TooLarge();
//
// What is within it takes at most some 300 MB and a few seconds, whoever wrote it.
//
// Thread safety: none.

#ifndef CLIENT_SCHEMA_FILE_BUDGET_H_
#define CLIENT_SCHEMA_FILE_BUDGET_H_

#include <cstddef>
#include <string>

#include "google/protobuf/descriptor.pb.h"

namespace udsecho::client {

class FileBudget {
 public:
  // Of all files. The largest published APIs have some 6 MB.
  static constexpr size_t kMostBytes = 16 * 1024 * 1024;
  static constexpr size_t kMostFiles = 4096;

  // Messages, fields, values of enums and so on, options and comments too: a linked one takes up to 1 KB.
  static constexpr size_t kMostParts = 250'000;

  // Of all full names. Protobuf keeps each up to three times.
  static constexpr size_t kMostNameBytes = 32 * 1024 * 1024;
  static constexpr size_t kLongestName = 4096;

  // Of protobuf's checks for numbers that overlap: some 1.5 ns each.
  static constexpr size_t kMostSteps = 500'000'000;

  // Before a file is parsed.
  bool TakeBytes(const std::string& encoded);

  // Before it is linked.
  bool TakeFile(const google::protobuf::FileDescriptorProto& file);

 private:
  bool TakeMessage(const google::protobuf::DescriptorProto& message, size_t outer);
  bool TakeEnum(const google::protobuf::EnumDescriptorProto& type, size_t scope);
  bool TakeField(const google::protobuf::FieldDescriptorProto& field, size_t scope);
  bool TakeService(const google::protobuf::ServiceDescriptorProto& service, size_t outer);
  bool TakeName(size_t scope, const std::string& name);
  bool TakeReference(const std::string& type);
  bool TakeRanges(size_t numbers, size_t ranges);

  size_t bytes_ = 0;
  size_t files_ = 0;
  size_t parts_ = 0;
  size_t name_bytes_ = 0;
  size_t steps_ = 0;
};

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_FILE_BUDGET_H_
