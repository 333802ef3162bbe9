// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The services and types of a server, as far as they were asked for.
//
//   Schema schema(std::make_unique<ReflectionSource>(channel, options.call, &interrupt));
//   absl::StatusOr<const google::protobuf::MethodDescriptor*> method =
//       schema.FindMethod("udsecho.v1.Echo/Echo");
//
// A source may be hostile or broken. What it says is bounded (FileBudget, kMostServices) and linked by
// protobuf, file after file and without recursion, so that files that import each other, lie about
// their names or are missing are errors, and none of them is trusted.
//
// Thread safety: none. Ownership: owns the source and all descriptors.

#ifndef CLIENT_SCHEMA_SCHEMA_H_
#define CLIENT_SCHEMA_SCHEMA_H_

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/schema/file_budget.h"
#include "client/schema/file_source.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace udsecho::client {

class Schema {
 public:
  static constexpr size_t kMostServices = 10'000;

  explicit Schema(std::unique_ptr<FileSource> source) : source_(std::move(source)) {
    // A file that is missing takes with it only what is declared there.
    pool_.AllowUnknownDependencies();
  }
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  // Those of the source.
  absl::StatusOr<std::vector<std::string>> Services();

  // To be called after questions: a server that is told to stop waits for those who may ask more.
  void Rest() { source_->Rest(); }

  // By full name, without a leading dot. Null if `name` is something else. NOT_FOUND if there is
  // nothing of that name; FAILED_PRECONDITION if what the source says of it cannot be; RESOURCE_EXHAUSTED
  // if it is too much; the errors of asking.
  absl::StatusOr<const google::protobuf::ServiceDescriptor*> Service(const std::string& name);
  absl::StatusOr<const google::protobuf::Descriptor*> Message(const std::string& name);
  absl::StatusOr<const google::protobuf::EnumDescriptor*> Enum(const std::string& name);

  // Whether the source was asked for it before, with success, be it of what kind it may.
  bool HasFileOf(const std::string& name) const {
    return pool_.FindFileContainingSymbol(name) != nullptr;
  }

 private:
  using Waiting = std::map<std::string, google::protobuf::FileDescriptorProto>;  // by name

  // Until the pool has the symbol.
  absl::Status Load(const std::string& symbol);
  using Names = std::vector<std::string>;

  // Adds those that are new to `waiting`, and their names to `taken`.
  absl::Status Take(const FileSource::Files& files, Waiting* waiting, Names* taken);
  absl::Status TakeImports(Names taken, Waiting* waiting);
  absl::Status TakeImport(const std::string& name, Waiting* waiting, Names* taken);
  absl::Status Build(const Waiting& waiting);
  bool IsKnown(const std::string& file, const Waiting& waiting) const {
    return waiting.contains(file) || pool_.FindFileByName(file) != nullptr;
  }

  const std::unique_ptr<FileSource> source_;
  google::protobuf::DescriptorPool pool_;
  FileBudget budget_;
  std::set<size_t> seen_;  // hashes of files
};

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_SCHEMA_H_
