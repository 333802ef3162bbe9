// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/json_codec.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/escaped.h"
#include "client/schema/reply_check.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
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
  absl::ConsumePrefix(&reason, ": ");
  return absl::StrCat(reason.substr(0, kShown), reason.size() > kShown ? "..." : "");
}

// Whether brackets are deeper within one another than protobuf's own messages may be. Its parser takes
// time by the square of the depth of arrays.
bool IsTooDeep(absl::string_view json) {
  constexpr int kDeepest = 200;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char letter = json[i];
    if (in_string && letter == '\\') {
      ++i;
    } else if (letter == '"') {
      in_string = !in_string;
    } else if (!in_string && (letter == '[' || letter == '{')) {
      if (++depth > kDeepest) return true;
    } else if (!in_string && (letter == ']' || letter == '}')) {
      --depth;
    }
  }
  return false;
}

// Protobuf writes a group of JSON in a way that nobody can read.
bool HasLostGroup(const pb::Message& message) {
  const pb::Reflection& reflection = *message.GetReflection();
  const pb::UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto* field = message.GetDescriptor()->FindFieldByNumber(unknown.field(i).number());
    if (field != nullptr && field->type() == pb::FieldDescriptor::TYPE_GROUP) return true;
  }
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  return std::any_of(fields.begin(), fields.end(), [&](const pb::FieldDescriptor* field) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) return false;
    if (!field->is_repeated()) return HasLostGroup(reflection.GetMessage(message, field));
    const int size = reflection.FieldSize(message, field);
    for (int i = 0; i < size; ++i) {
      if (HasLostGroup(reflection.GetRepeatedMessage(message, field, i))) return true;
    }
    return false;
  });
}

absl::StatusOr<bool> HasGroups(const pb::Descriptor& type, const std::string& bytes,
                               Prototypes* prototypes) {
  if (type.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3) return false;
  const absl::StatusOr<const pb::Message*> prototype = prototypes->Get(type);
  if (!prototype.ok()) return prototype.status();
  const std::unique_ptr<pb::Message> message((*prototype)->New());
  return !message->ParsePartialFromString(bytes) || HasLostGroup(*message);
}

// A text that does not grow for ever: names of fields may be a thousand times as long as their values.
class BoundedText final : public pb::io::ZeroCopyOutputStream {
 public:
  BoundedText(std::string* text, size_t most) : text_(*text), most_(most), stream_(text) {}

  bool Next(void** data, int* size) override {
    is_full_ = text_.size() >= most_;
    if (is_full_ || !stream_.Next(data, size)) return false;
    if (text_.size() > most_) {
      const int excess = static_cast<int>(text_.size() - most_);
      stream_.BackUp(excess);
      *size -= excess;
    }
    return true;
  }
  void BackUp(int count) override { stream_.BackUp(count); }
  int64_t ByteCount() const override { return stream_.ByteCount(); }

  bool is_full() const { return is_full_; }

 private:
  std::string& text_;
  const size_t most_;
  pb::io::StringOutputStream stream_;
  bool is_full_ = false;
};

}  // namespace

// Protobuf's own, with what it found kept, and with types that nobody asked for before.
class JsonCodec::Resolver final : public pb::util::TypeResolver {
 public:
  Resolver(Schema* schema, MessageTypes* types) : schema_(*schema), types_(*types) {}

  // A type that is not to be had has one field alone, that of ReplyCheck: protobuf takes it for granted
  // that the type of a field is there. The first of them since the last call; empty for none.
  std::string TakeMissing() { return std::exchange(missing_, ""); }

  void Rest() { schema_.Rest(); }

  pb::util::Status ResolveMessageType(const std::string& url, pb::Type* type) override {
    const auto known = messages_.find(url);
    if (known != messages_.end()) {
      *type = known->second;
      return {};
    }
    const std::string name = TypeName(url);
    // Protobuf asks this for each repeated field, whether it is of messages or not: of none, of enums too.
    if (name.empty() || enums_.contains(name)) return NotFound(name);
    const pb::Descriptor* const found = types_.Find(name);
    if (found == nullptr && schema_.HasFileOf(name)) {
      if (enums_.size() < kMostKept) enums_.insert(name);
      return NotFound(name);
    }
    if (found == nullptr) {
      if (missing_.empty()) missing_ = name;
      *type = UnknownType(name);
      return {};
    }
    // Not by the given one: it may have any prefix, or none, as containerd's do.
    const pb::util::Status status =
        Of(*found->file()->pool()).ResolveMessageType(Url(*found), type);
    if (status.ok() && messages_.size() < kMostKept) messages_.emplace(url, *type);
    return status;
  }

  pb::util::Status ResolveEnumType(const std::string& url, pb::Enum* type) override {
    const auto found = schema_.Enum(TypeName(url));
    if (!found.ok()) return NotFound(TypeName(url));
    return Of(*(*found)->file()->pool())
        .ResolveEnumType(absl::StrCat(kPrefix, "/", (*found)->full_name()), type);
  }

 private:
  static constexpr size_t kMostKept = 1000;

  static pb::util::Status NotFound(const std::string& name) {
    return pb::util::Status(pb::util::StatusCode::kNotFound, name.substr(0, kShown));
  }
  static pb::Type UnknownType(const std::string& name) {
    pb::Type type;
    type.set_name(name);
    pb::Field& value = *type.add_fields();
    value.set_kind(pb::Field::TYPE_BYTES);
    value.set_cardinality(pb::Field::CARDINALITY_OPTIONAL);
    value.set_number(ReplyCheck::kUnknownValue);
    value.set_name("value");
    value.set_json_name("@value");  // as grpcurl has it
    return type;
  }
  pb::util::TypeResolver& Of(const pb::DescriptorPool& pool) {
    std::unique_ptr<pb::util::TypeResolver>& resolver = of_pools_[&pool];
    if (resolver == nullptr)
      resolver.reset(pb::util::NewTypeResolverForDescriptorPool(kPrefix, &pool));
    return *resolver;
  }

  Schema& schema_;
  MessageTypes& types_;
  std::string missing_;
  // The schema's pool, and that of the program.
  std::map<const pb::DescriptorPool*, std::unique_ptr<pb::util::TypeResolver>> of_pools_;
  std::map<std::string, pb::Type> messages_;  // by URL
  std::set<std::string> enums_;               // by name
};

// Whatever comes of it, nothing more is asked after a conversion.
struct JsonCodec::Resting {
  ~Resting() { resolver->Rest(); }
  Resolver* resolver;
};

JsonCodec::JsonCodec(Schema* schema)
    : types_(schema), resolver_(std::make_unique<Resolver>(schema, &types_)) {}

JsonCodec::~JsonCodec() = default;

absl::StatusOr<std::string> JsonCodec::Encode(const pb::Descriptor& type, absl::string_view json) {
  const Resting rest{resolver_.get()};
  std::string bytes;
  if (IsTooDeep(json)) {
    return absl::InvalidArgumentError(
        absl::StrCat("this is no ", type.full_name(), ": it is nested too deeply"));
  }
  resolver_->TakeMissing();
  const pb::util::Status status = pb::util::JsonToBinaryString(
      resolver_.get(), Url(type), pb::StringPiece(json.data(), json.size()), &bytes);
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("this is no ", type.full_name(), ": ", why));
  };
  const std::string missing = resolver_->TakeMissing();
  if (!missing.empty()) {
    return refuse(absl::StrCat("nothing is known of the type ", missing.substr(0, kShown)));
  }
  if (!status.ok()) return refuse(Reason(status));
  const absl::StatusOr<bool> has_groups = HasGroups(type, bytes, &prototypes_);
  if (!has_groups.ok()) return refuse(has_groups.status().message());
  if (*has_groups) return refuse("a group, which JSON cannot hold");
  return bytes;
}

absl::StatusOr<JsonCodec::Decoded> JsonCodec::Decode(const pb::Descriptor& type,
                                                     const std::string& bytes) {
  const Resting rest{resolver_.get()};
  ReplyCheck check(&types_, &prototypes_);
  const absl::StatusOr<std::string> checked = check.Check(bytes, type);
  if (!checked.ok()) return checked.status();
  Decoded decoded;
  decoded.unknown = check.TakeUnknown();
  BoundedText text(&decoded.json, kMostJson);
  pb::io::ArrayInputStream input(checked->data(), static_cast<int>(checked->size()));
  pb::util::JsonPrintOptions print;
  print.always_print_primitive_fields = emits_defaults_;
  const pb::util::Status status =
      pb::util::BinaryToJsonStream(resolver_.get(), Url(type), &input, &text, print);
  if (text.is_full()) {
    return absl::DataLossError(absl::StrCat("the server's answer is too large: more than ",
                                            kMostJson >> 20, " MiB as JSON"));
  }
  if (status.ok()) {
    // Protobuf leaves some of them.
    decoded.json = EscapedJson(std::move(decoded.json));
    return decoded;
  }
  return absl::DataLossError(
      absl::StrCat("the server's answer is no ", type.full_name(), ": ", Reason(status)));
}

absl::StatusOr<std::string> JsonCodec::DecodeAny(const pb::Any& any) {
  absl::StatusOr<Decoded> decoded = Decode(*pb::Any::descriptor(), any.SerializeAsString());
  if (!decoded.ok()) return decoded.status();
  return std::move(decoded->json);
}

}  // namespace udsecho::client
