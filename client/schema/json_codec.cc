// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/json_codec.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/type.pb.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/type_resolver_util.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

constexpr char kPrefix[] = "type.googleapis.com";
constexpr size_t kShown = 300;  // bytes of protobuf's reasons, which quote what they dislike

std::string Url(const pb::Descriptor& type) { return absl::StrCat(kPrefix, "/", type.full_name()); }

// Without the drawing that follows on further lines.
std::string Reason(const pb::util::Status& status) {
  const std::string text = status.message().ToString();
  absl::string_view reason = absl::string_view(text).substr(0, text.find('\n'));
  absl::ConsumeSuffix(&reason, ".");
  return absl::StrCat(reason.substr(0, kShown), reason.size() > kShown ? "..." : "");
}

class UnknownFieldsOf {
 public:
  explicit UnknownFieldsOf(std::vector<std::string>* paths) : paths_(*paths) {}

  void Add(const pb::Message& message, const std::string& path) {
    const pb::Reflection& reflection = *message.GetReflection();
    const pb::UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
    for (int i = 0; i < unknown.field_count(); ++i) {
      AddPath(absl::StrCat(path, "#", unknown.field(i).number()));
    }
    std::vector<const pb::FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const pb::FieldDescriptor* field : fields) {
      if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
      const std::string inner = absl::StrCat(path, field->name(), ".");
      if (!field->is_repeated()) {
        Add(reflection.GetMessage(message, field), inner);
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(message, field) && !full(); ++i) {
        Add(reflection.GetRepeatedMessage(message, field, i), inner);
      }
    }
  }

 private:
  bool full() const { return paths_.size() >= JsonCodec::kMostUnknown; }
  void AddPath(std::string path) {
    if (!full() && std::count(paths_.begin(), paths_.end(), path) == 0) {
      paths_.push_back(std::move(path));
    }
  }

  std::vector<std::string>& paths_;
};

}  // namespace

// Protobuf's own, with what it found kept, and with types that nobody asked for before.
class JsonCodec::Resolver final : public pb::util::TypeResolver {
 public:
  explicit Resolver(Schema* schema) : schema_(*schema) {}

  pb::util::Status ResolveMessageType(const std::string& url, pb::Type* type) override {
    const auto known = messages_.find(url);
    if (known != messages_.end()) {
      *type = known->second;
      return {};
    }
    const auto found = schema_.Message(Name(url));
    if (!found.ok()) return NotFound(found.status());
    const pb::util::Status status = Of(*(*found)->file()->pool()).ResolveMessageType(url, type);
    if (status.ok() && messages_.size() < kMostKept) messages_.emplace(url, *type);
    return status;
  }

  pb::util::Status ResolveEnumType(const std::string& url, pb::Enum* type) override {
    const auto found = schema_.Enum(Name(url));
    if (!found.ok()) return NotFound(found.status());
    return Of(*(*found)->file()->pool()).ResolveEnumType(url, type);
  }

 private:
  static constexpr size_t kMostKept = 1000;

  static std::string Name(const std::string& url) {
    return url.substr(url.rfind('/') == std::string::npos ? 0 : url.rfind('/') + 1);
  }
  static pb::util::Status NotFound(const absl::Status& status) {
    return pb::util::Status(pb::util::StatusCode::kNotFound, std::string(status.message()));
  }
  pb::util::TypeResolver& Of(const pb::DescriptorPool& pool) {
    if (of_pool_ == nullptr) of_pool_.reset(pb::util::NewTypeResolverForDescriptorPool(kPrefix, &pool));
    return *of_pool_;
  }

  Schema& schema_;
  std::unique_ptr<pb::util::TypeResolver> of_pool_;
  std::map<std::string, pb::Type> messages_;
};

JsonCodec::JsonCodec(Schema* schema) : resolver_(std::make_unique<Resolver>(schema)) {}

JsonCodec::~JsonCodec() = default;

absl::StatusOr<std::string> JsonCodec::Encode(const pb::Descriptor& type, absl::string_view json) {
  std::string bytes;
  const pb::util::Status status = pb::util::JsonToBinaryString(
      resolver_.get(), Url(type), pb::StringPiece(json.data(), json.size()), &bytes);
  if (status.ok()) return bytes;
  return absl::InvalidArgumentError(
      absl::StrCat("this is no ", type.full_name(), ": ", Reason(status)));
}

absl::StatusOr<std::string> JsonCodec::Decode(const pb::Descriptor& type,
                                              const std::string& bytes) {
  std::string json;
  const pb::util::Status status =
      pb::util::BinaryToJsonString(resolver_.get(), Url(type), bytes, &json);
  if (status.ok()) return json;
  return absl::DataLossError(
      absl::StrCat("the server's answer is no ", type.full_name(), ": ", Reason(status)));
}

absl::StatusOr<std::string> JsonCodec::DecodeAny(const pb::Any& any) {
  return Decode(*pb::Any::descriptor(), any.SerializeAsString());
}

std::vector<std::string> JsonCodec::UnknownFields(const pb::Descriptor& type,
                                                  const std::string& bytes) {
  std::vector<std::string> paths;
  const std::unique_ptr<pb::Message> message(factory_.GetPrototype(&type)->New());
  if (message->ParsePartialFromString(bytes)) UnknownFieldsOf(&paths).Add(*message, "");
  return paths;
}

}  // namespace udsecho::client
