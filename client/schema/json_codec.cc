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
#include "uds/printable.h"

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

void AddOnce(std::string what, std::vector<std::string>* to) {
  const bool is_full = to->size() >= JsonCodec::kMostUnknown;
  if (!is_full && std::count(to->begin(), to->end(), what) == 0) to->push_back(std::move(what));
}

class UnknownFieldsOf {
 public:
  explicit UnknownFieldsOf(std::vector<std::string>* paths) : paths_(*paths) {}

  void Add(const pb::Message& message, const std::string& path) {
    const pb::Reflection& reflection = *message.GetReflection();
    const pb::UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
    for (int i = 0; i < unknown.field_count(); ++i) {
      AddOnce(absl::StrCat("field ", path, "#", unknown.field(i).number()), &paths_);
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

  std::vector<std::string>& paths_;
};

}  // namespace

// Protobuf's own, with what it found kept, and with types that nobody asked for before.
class JsonCodec::Resolver final : public pb::util::TypeResolver {
 public:
  explicit Resolver(Schema* schema) : schema_(*schema) {}

  // From now on a type that is not to be had is one without fields, and its name goes there. Null: it is an
  // error.
  void MakeUpTypes(std::vector<std::string>* names) { made_up_ = names; }

  void Rest() { schema_.Rest(); }

  pb::util::Status ResolveMessageType(const std::string& url, pb::Type* type) override {
    const auto known = messages_.find(url);
    if (known != messages_.end()) {
      *type = known->second;
      return {};
    }
    const auto found = schema_.Message(Name(url));
    if (!found.ok() && made_up_ != nullptr) {
      // What is in it is left out, and that is said.
      type->set_name(Name(url));
      AddOnce("type " + uds::Printable(Name(url)), made_up_);
      return {};
    }
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
    if (of_pool_ == nullptr)
      of_pool_.reset(pb::util::NewTypeResolverForDescriptorPool(kPrefix, &pool));
    return *of_pool_;
  }

  Schema& schema_;
  std::vector<std::string>* made_up_ = nullptr;
  std::unique_ptr<pb::util::TypeResolver> of_pool_;
  std::map<std::string, pb::Type> messages_;
};

JsonCodec::JsonCodec(Schema* schema) : resolver_(std::make_unique<Resolver>(schema)) {}

JsonCodec::~JsonCodec() = default;

absl::StatusOr<std::string> JsonCodec::Encode(const pb::Descriptor& type, absl::string_view json) {
  std::string bytes;
  const pb::util::Status status = pb::util::JsonToBinaryString(
      resolver_.get(), Url(type), pb::StringPiece(json.data(), json.size()), &bytes);
  resolver_->Rest();
  if (status.ok()) return bytes;
  return absl::InvalidArgumentError(
      absl::StrCat("this is no ", type.full_name(), ": ", Reason(status)));
}

absl::StatusOr<JsonCodec::Decoded> JsonCodec::Decode(const pb::Descriptor& type,
                                                     const std::string& bytes) {
  const auto refuse = [&](absl::string_view why) {
    return absl::DataLossError(
        absl::StrCat("the server's answer is no ", type.full_name(), ": ", why));
  };
  // The conversion to JSON takes bytes as they come: truncated, or with a field twice.
  const std::unique_ptr<pb::Message> message(factory_.GetPrototype(&type)->New());
  if (!message->ParsePartialFromString(bytes)) return refuse("it cannot be parsed");
  Decoded decoded;
  UnknownFieldsOf(&decoded.unknown).Add(*message, "");
  resolver_->MakeUpTypes(&decoded.unknown);
  const pb::util::Status status = pb::util::BinaryToJsonString(
      resolver_.get(), Url(type), message->SerializePartialAsString(), &decoded.json);
  resolver_->MakeUpTypes(nullptr);
  resolver_->Rest();
  if (!status.ok()) return refuse(Reason(status));
  return decoded;
}

absl::StatusOr<std::string> JsonCodec::DecodeAny(const pb::Any& any) {
  absl::StatusOr<Decoded> decoded = Decode(*pb::Any::descriptor(), any.SerializeAsString());
  if (!decoded.ok()) return decoded.status();
  return std::move(decoded->json);
}

}  // namespace udsecho::client
