// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/schema.h"

#include <functional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/schema/editions.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

constexpr size_t kShown = 200;  // bytes of what a server says, in an error

std::string Shown(const std::string& text) { return uds::Printable(text.substr(0, kShown)); }

// What a field is called in JSON if its .proto does not say: "user_name" is "userName".
std::string JsonName(const std::string& name) {
  std::string json;
  bool capital = false;
  for (const char byte : name) {
    if (byte != '_') json += capital ? absl::ascii_toupper(static_cast<unsigned char>(byte)) : byte;
    capital = byte == '_';
  }
  return json;
}

// Compilers write each name down, and so text would show it. Nesting is what the parser allowed.
void ForgetUsualJsonNames(pb::DescriptorProto* message) {
  for (pb::FieldDescriptorProto& field : *message->mutable_field()) {
    if (field.json_name() == JsonName(field.name())) field.clear_json_name();
  }
  for (pb::DescriptorProto& nested : *message->mutable_nested_type()) ForgetUsualJsonNames(&nested);
}

// The first error of linking a file.
class FirstError final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string&, const std::string& element, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat(Shown(element), ": ", Shown(message));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

absl::Status Broken(const std::string& file, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("the description of ", Shown(file), " is broken: ", why));
}

absl::Status TooLarge() {
  return absl::ResourceExhaustedError(
      absl::StrCat("the server's description is too large: more than ",
                   FileBudget::kMostBytes >> 20, " MiB, ", FileBudget::kMostFiles, " files or ",
                   FileBudget::kMostParts, " fields and other parts, or names that are too long"));
}

// What every server may import and some do not tell. (Protobuf's own pool has those alone that a program
// mentions.)
const pb::FileDescriptor* FindWellKnown(absl::string_view name, absl::string_view symbol) {
  for (const pb::Descriptor* any_of :
       {pb::Any::descriptor(), pb::Duration::descriptor(), pb::Empty::descriptor(),
        pb::FieldMask::descriptor(), pb::FileDescriptorProto::descriptor(),
        pb::Int32Value::descriptor(), pb::Struct::descriptor(), pb::Timestamp::descriptor()}) {
    const pb::FileDescriptor* const file = any_of->file();
    if (file->name() == name) return file;
    if (file->pool()->FindFileContainingSymbol(std::string(symbol)) == file) return file;
  }
  return nullptr;
}

std::string Encoded(const pb::FileDescriptor& file) {
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  return proto.SerializeAsString();
}

template <class Descriptor>
absl::StatusOr<const Descriptor*> Found(const absl::Status& loaded, const Descriptor* descriptor,
                                        const std::string& name) {
  if (!loaded.ok()) return loaded;
  if (descriptor != nullptr) return descriptor;
  return absl::NotFoundError(absl::StrCat(Shown(name), " is something else"));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Schema::Services() {
  absl::StatusOr<std::vector<std::string>> services = source_->Services();
  if (!services.ok() || services->size() <= kMostServices) return services;
  return absl::ResourceExhaustedError(
      absl::StrCat("the server tells of more than ", kMostServices, " services"));
}

absl::StatusOr<const pb::ServiceDescriptor*> Schema::Service(const std::string& name) {
  const absl::Status loaded = Load(name);
  return Found(loaded, pool_.FindServiceByName(name), name);
}

absl::StatusOr<const pb::Descriptor*> Schema::Message(const std::string& name) {
  const absl::Status loaded = Load(name);
  return Found(loaded, pool_.FindMessageTypeByName(name), name);
}

absl::StatusOr<const pb::EnumDescriptor*> Schema::Enum(const std::string& name) {
  const absl::Status loaded = Load(name);
  return Found(loaded, pool_.FindEnumTypeByName(name), name);
}

absl::Status Schema::Load(const std::string& symbol) {
  if (pool_.FindFileContainingSymbol(symbol) != nullptr) return absl::OkStatus();
  absl::StatusOr<FileSource::Files> files = source_->FilesOf(symbol);
  if (files.status().code() == absl::StatusCode::kNotFound) {
    if (const auto* known = FindWellKnown("", symbol)) files = FileSource::Files{Encoded(*known)};
  }
  if (!files.ok()) {
    if (files.status().code() != absl::StatusCode::kNotFound) return files.status();
    const std::string why(files.status().message());
    return absl::NotFoundError(
        absl::StrCat("there is no ", Shown(symbol),
                     why.empty() ? "" : absl::StrCat(": ", why.substr(0, kShown))));
  }
  Waiting waiting;
  Names taken;
  absl::Status status = Take(*files, &waiting, &taken);
  if (status.ok()) status = TakeImports(std::move(taken), &waiting);
  if (status.ok()) status = Build(waiting);
  if (!status.ok()) return status;
  if (pool_.FindFileContainingSymbol(symbol) != nullptr) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("there is no ", Shown(symbol), ": the files that should declare it do not"));
}

absl::Status Schema::Take(const FileSource::Files& files, Waiting* waiting, Names* taken) {
  for (const std::string& bytes : files) {
    // Some servers send all that a file imports, each time.
    if (!seen_.insert(std::hash<std::string>()(bytes)).second) continue;
    if (!budget_.TakeBytes(bytes)) return TooLarge();
    pb::FileDescriptorProto file;
    if (!file.ParseFromString(bytes)) return Broken("a file", "it cannot be parsed");
    if (IsKnown(file.name(), *waiting)) continue;
    if (!budget_.TakeFile(file)) return TooLarge();
    AsProto2(&file);
    for (pb::DescriptorProto& message : *file.mutable_message_type()) {
      ForgetUsualJsonNames(&message);
    }
    taken->push_back(file.name());
    waiting->emplace(file.name(), std::move(file));
  }
  return absl::OkStatus();
}

absl::Status Schema::TakeImports(Names taken, Waiting* waiting) {
  std::set<std::string> asked;
  while (!taken.empty()) {
    const pb::FileDescriptorProto& file = waiting->at(taken.back());
    taken.pop_back();
    for (const std::string& import : file.dependency()) {
      if (IsKnown(import, *waiting) || !asked.insert(import).second) continue;
      if (asked.size() > FileBudget::kMostFiles) return TooLarge();
      if (absl::Status status = TakeImport(import, waiting, &taken); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

// One that nobody has is no error.
absl::Status Schema::TakeImport(const std::string& name, Waiting* waiting, Names* taken) {
  const absl::StatusOr<FileSource::Files> files = source_->FileNamed(name);
  if (files.ok()) return Take(*files, waiting, taken);
  if (const auto* known = FindWellKnown(name, "")) return Take({Encoded(*known)}, waiting, taken);
  return files.status().code() == absl::StatusCode::kNotFound ? absl::OkStatus() : files.status();
}

// Each after those that it imports.
absl::Status Schema::Build(const Waiting& waiting) {
  enum class State { kNew, kOpen, kDone };
  std::map<std::string, State> states;
  for (const auto& [first, unused] : waiting) {
    std::vector<std::string> open = {first};
    while (!open.empty()) {
      const std::string name = open.back();
      State& state = states[name];
      const auto found = waiting.find(name);
      if (state == State::kDone || found == waiting.end()) {
        open.pop_back();
        continue;
      }
      if (state == State::kNew) {
        state = State::kOpen;
        for (const std::string& import : found->second.dependency()) {
          const auto imported = states.find(import);
          const State seen = imported == states.end() ? State::kNew : imported->second;
          if (seen == State::kOpen)
            return Broken(name, "it imports itself, by way of " + Shown(import));
          if (seen == State::kNew) open.push_back(import);
        }
        continue;
      }
      FirstError error;
      if (pool_.BuildFileCollectingErrors(found->second, &error) == nullptr) {
        return Broken(name, error.text());
      }
      state = State::kDone;
      open.pop_back();
    }
  }
  return absl::OkStatus();
}

}  // namespace udsecho::client
