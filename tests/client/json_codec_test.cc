// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/json_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/schema/json_template.h"
#include "client/schema/reply_check.h"
#include "tests/client/fake_files.h"
#include "tests/support/status_matchers.h"

namespace udsecho::client {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace pb = google::protobuf;

constexpr absl::StatusCode kDataLoss = absl::StatusCode::kDataLoss;
constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

constexpr char kAll[] = R"pb(
  name: "all.proto"
  package: "a"
  dependency: "google/protobuf/any.proto"
  dependency: "google/protobuf/timestamp.proto"
  dependency: "google/protobuf/struct.proto"
  message_type {
    name: "M"
    field { name: "text" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "big" number: 2 type: TYPE_INT64 label: LABEL_OPTIONAL }
    field { name: "color" number: 3 type: TYPE_ENUM type_name: ".a.Color" label: LABEL_OPTIONAL }
    field {
      name: "counts"
      number: 4
      type: TYPE_MESSAGE
      type_name: ".a.M.CountsEntry"
      label: LABEL_REPEATED
    }
    field {
      name: "any"
      number: 5
      type: TYPE_MESSAGE
      type_name: ".google.protobuf.Any"
      label: LABEL_OPTIONAL
    }
    field {
      name: "at"
      number: 6
      type: TYPE_MESSAGE
      type_name: ".google.protobuf.Timestamp"
      label: LABEL_OPTIONAL
    }
    field {
      name: "value"
      number: 7
      type: TYPE_MESSAGE
      type_name: ".google.protobuf.Value"
      label: LABEL_OPTIONAL
    }
    field { name: "inner" number: 8 type: TYPE_MESSAGE type_name: ".a.M" label: LABEL_OPTIONAL }
    field { name: "bytes" number: 9 type: TYPE_BYTES label: LABEL_OPTIONAL }
    field { name: "texts" number: 10 type: TYPE_STRING label: LABEL_REPEATED }
    field { name: "colors" number: 11 type: TYPE_ENUM type_name: ".a.Color" label: LABEL_REPEATED }
    nested_type {
      name: "CountsEntry"
      field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field { name: "value" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL }
      options { map_entry: true }
    }
  }
  enum_type {
    name: "Color"
    value { name: "RED" number: 0 }
    value { name: "BLUE" number: 1 }
  }
  syntax: "proto3")pb";

// Imported by nobody: what a google.protobuf.Any may hold.
constexpr char kElsewhere[] = R"pb(
  name: "elsewhere.proto"
  package: "b"
  message_type {
    name: "N"
    field { name: "n" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL }
  }
  syntax: "proto3")pb";

class JsonCodecTest : public ::testing::Test {
 protected:
  JsonCodecTest() : schema_(Files()), type_(**schema_.Message("a.M")) {}

  std::unique_ptr<FileSource> Files() {
    auto files = std::make_unique<FakeFiles>();
    files_ = files.get();
    files->Add(kAll, {"a.M"});
    files->Add(kElsewhere, {"b.N"});
    return files;
  }

  // There and back.
  std::string Echo(const std::string& json) {
    const absl::StatusOr<std::string> bytes = codec_.Encode(type_, json);
    EXPECT_THAT(bytes, IsOk()) << json;
    if (!bytes.ok()) return "";
    return Json(*bytes);
  }
  std::string Json(const std::string& bytes) {
    const absl::StatusOr<JsonCodec::Decoded> decoded = codec_.Decode(type_, bytes);
    EXPECT_THAT(decoded, IsOk());
    return decoded.ok() ? decoded->json : "";
  }

  FakeFiles* files_ = nullptr;  // what the schema owns
  Schema schema_;
  JsonCodec codec_{&schema_};
  const google::protobuf::Descriptor& type_;
};

TEST_F(JsonCodecTest, AllKindsOfFields) {
  for (const char* json :
       {R"({})", R"({"text":"x"})", R"({"big":"9007199254740993"})", R"({"color":"BLUE"})",
        R"({"counts":{"a":1,"b":2}})", R"({"at":"2026-01-31T12:00:00Z"})",
        R"({"value":{"a":[1,null,"x"]}})", R"({"inner":{"inner":{"text":"deep"}}})",
        R"({"bytes":"AAEC"})",
        R"({"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.500s"}})"}) {
    EXPECT_EQ(Echo(json), json);
  }
}

TEST_F(JsonCodecTest, ATypeWithinAnyIsAskedFor) {
  const std::string json = R"({"any":{"@type":"type.googleapis.com/b.N","n":7}})";
  EXPECT_EQ(Echo(json), json);
}

// containerd's have no prefix at all.
TEST_F(JsonCodecTest, ATypesUrlMayHaveAnyPrefix) {
  for (const char* url : {"b.N", "/b.N", "types.containerd.io/b.N", "a/b/c/b.N"}) {
    const std::string json = absl::StrCat(R"({"any":{"@type":")", url, R"(","n":7}})");
    EXPECT_EQ(Echo(json), json);
  }
}

TEST_F(JsonCodecTest, ErrorDetailsNeedNoDescription) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/google.rpc.RequestInfo");
  any.set_value("\x0a\x01x");
  EXPECT_EQ(*codec_.DecodeAny(any),
            R"({"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"x"})");
}

// An Any of an Any of a type that nobody knows, and its bytes once more in the same reply.
TEST_F(JsonCodecTest, UnknownTypesWithinAnys) {
  google::protobuf::Any inner;
  inner.set_type_url("no.Such");
  inner.set_value("\x08\x01");
  google::protobuf::Any outer;
  outer.PackFrom(inner);
  EXPECT_EQ(*codec_.DecodeAny(outer),
            R"({"@type":"type.googleapis.com/google.protobuf.Any","value":)"
            R"({"@type":"no.Such","@value":"CAE="}})");
}

// Arrays too, of which protobuf itself would take the square of their depth.
TEST_F(JsonCodecTest, ArraysOfAnyDepthAreRefusedAtOnce) {
  const std::string deep =
      absl::StrCat(R"({"text":)", std::string(100'000, '['), std::string(100'000, ']'), "}");
  EXPECT_THAT(codec_.Encode(type_, deep), StatusIs(kInvalid, HasSubstr("too deeply")));
  EXPECT_THAT(codec_.Encode(type_, absl::StrCat(R"({"text":")", std::string(1000, '['), "\"}")),
              IsOk());
}

TEST_F(JsonCodecTest, ATypeWithinAnyThatNobodyKnows) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/no.Such");
  any.set_value("\x08\x01");
  const std::string bytes = "\x0a\x01x\x2a" +
                            std::string(1, static_cast<char>(any.ByteSizeLong())) +
                            any.SerializeAsString();
  const absl::StatusOr<JsonCodec::Decoded> decoded = codec_.Decode(type_, bytes);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->json,
            R"({"text":"x","any":{"@type":"type.googleapis.com/no.Such","@value":"CAE="}})");
  EXPECT_THAT(decoded->unknown, IsEmpty());
  EXPECT_THAT(codec_.Encode(type_, decoded->json), StatusIs(kInvalid, HasSubstr("no.Such")));
}

TEST_F(JsonCodecTest, FieldsOfManyValuesHideNothing) {
  const std::string json = R"({"texts":["x","y"],"colors":["RED","BLUE"]})";
  const absl::StatusOr<std::string> bytes = codec_.Encode(type_, json);
  ASSERT_THAT(bytes, IsOk());
  const int asked = files_->asked;
  const absl::StatusOr<JsonCodec::Decoded> decoded = codec_.Decode(type_, *bytes);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->json, json);
  EXPECT_THAT(decoded->unknown, IsEmpty());
  EXPECT_EQ(files_->asked, asked);
}

TEST_F(JsonCodecTest, ATemplateIsAMessageAsItStands) {
  EXPECT_THAT(codec_.Encode(type_, JsonTemplate(type_)), IsOk());
}

TEST_F(JsonCodecTest, ATypeThatNobodyKnowsIsAskedForOnce) {
  const std::string bytes = "\x2a\x0f\x0a\x09x/no.Such\x12\x02\x08\x01";
  ASSERT_THAT(codec_.Decode(type_, bytes), IsOk());
  const int asked = files_->asked;
  const absl::StatusOr<JsonCodec::Decoded> decoded = codec_.Decode(type_, bytes);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_THAT(decoded->unknown, IsEmpty());
  EXPECT_EQ(files_->asked, asked);
}

// Ten thousand types, each in the one before: protobuf would make them all at once, on the stack.
TEST_F(JsonCodecTest, AChainOfTypesIsRefused) {
  constexpr int kTypes = 10'000;
  std::string text = R"(name: "c.proto" package: "c" syntax: "proto3")";
  for (int i = 0; i < kTypes; ++i) {
    absl::StrAppend(&text, " message_type { name: 'M", i, "'");
    if (i + 1 < kTypes) {
      absl::StrAppend(&text, " field { name: 'next' number: 1 label: LABEL_OPTIONAL ",
                      "type: TYPE_MESSAGE type_name: '.c.M", i + 1, "' }");
    }
    absl::StrAppend(&text, " }");
  }
  auto files = std::make_unique<FakeFiles>();
  files->Add(text, {"c.M0", "c.M6000"});
  Schema schema(std::move(files));
  JsonCodec codec(&schema);
  EXPECT_THAT(codec.Decode(**schema.Message("c.M0"), ""),
              StatusIs(kDataLoss, HasSubstr("more than 5000 other types")));
  EXPECT_THAT(codec.Decode(**schema.Message("c.M6000"), ""), IsOk());
}

// Its file is one that nobody has.
TEST_F(JsonCodecTest, AFieldOfATypeThatNobodyKnows) {
  auto files = std::make_unique<FakeFiles>();
  files->Add(R"pb(name: "a.proto"
                  package: "a"
                  dependency: "missing.proto"
                  message_type {
                    name: "M"
                    field {
                      name: "one"
                      number: 1
                      type: TYPE_MESSAGE
                      type_name: ".b.X"
                      label: LABEL_OPTIONAL
                    }
                    field {
                      name: "many"
                      number: 2
                      type: TYPE_MESSAGE
                      type_name: ".b.X"
                      label: LABEL_REPEATED
                    }
                    field { name: "n" number: 3 type: TYPE_INT32 label: LABEL_OPTIONAL }
                  }
                  syntax: "proto3")pb",
             {"a.M"});
  Schema schema(std::move(files));
  JsonCodec codec(&schema);
  const pb::Descriptor& type = **schema.Message("a.M");
  EXPECT_THAT(codec.Encode(type, R"({"n":1})"), IsOk());
  EXPECT_THAT(codec.Encode(type, JsonTemplate(type)), IsOk());
  for (const char* json : {R"({"one":{"x":1}})", R"({"many":[{}]})", R"({"many":[{"x":1}]})"}) {
    EXPECT_THAT(codec.Encode(type, json), StatusIs(kInvalid, HasSubstr("b.X"))) << json;
  }
  const auto decoded = codec.Decode(type, "\x0a\x02\x08\x01\x12\x02\x08\x01\x18\x07");
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->json, R"({"one":{},"many":[{}],"n":7})");
  EXPECT_THAT(decoded->unknown, ElementsAre("field one.#1", "field many.#1"));
}

TEST_F(JsonCodecTest, GroupsAndExtensionsAreToldOf) {
  auto files = std::make_unique<FakeFiles>();
  files->Add(
      R"pb(name: "old.proto"
           message_type {
             name: "Old"
             field {
               name: "g"
               number: 1
               type: TYPE_GROUP
               type_name: ".Old.G"
               label: LABEL_OPTIONAL
             }
             nested_type {
               name: "G"
               field { name: "n" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL }
             }
             field { name: "e" number: 2 type: TYPE_ENUM type_name: ".E" label: LABEL_OPTIONAL }
             extension_range { start: 100 end: 200 }
           }
           enum_type {
             name: "E"
             value { name: "A" number: 0 }
           }
           extension {
             name: "x"
             number: 100
             extendee: ".Old"
             type: TYPE_INT32
             label: LABEL_OPTIONAL
           }
      )pb",
      {"Old"});
  Schema schema(std::move(files));
  JsonCodec codec(&schema);
  const pb::Descriptor& type = **schema.Message("Old");
  const auto decoded = codec.Decode(type, "\x0b\x08\x01\x0c\xa0\x06\x01\x10\x07");
  ASSERT_THAT(decoded, IsOk());
  EXPECT_THAT(decoded->json, HasSubstr(R"("e":7)"));
  EXPECT_THAT(decoded->unknown, ElementsAre("group g", "extension x"));
  EXPECT_THAT(codec.Encode(type, R"({"g":{"n":1}})"), StatusIs(kInvalid, HasSubstr("group")));
  EXPECT_THAT(codec.Encode(type, JsonTemplate(type)), IsOk());
}

TEST_F(JsonCodecTest, WhatIsNoSuchMessage) {
  EXPECT_THAT(codec_.Encode(type_, R"({"nope":1})"), StatusIs(kInvalid, HasSubstr("nope")));
  EXPECT_THAT(codec_.Encode(type_, R"({"big":"x"})"), StatusIs(kInvalid, HasSubstr("big")));
  EXPECT_THAT(codec_.Encode(type_, R"({"color":"GREEN"})"), StatusIs(kInvalid, HasSubstr("color")));
  for (const char* json :
       {"", "x", "[]", "7", "{", R"({"text":)", "\xff", R"({"text":"\ud800"})"}) {
    EXPECT_THAT(codec_.Encode(type_, json), StatusIs(kInvalid, HasSubstr("a.M"))) << json;
  }
}

TEST_F(JsonCodecTest, JsonOfAnyDepthIsRefusedAndNoMore) {
  for (const size_t depth : {1000u, 1'000'000u}) {
    std::string objects;
    for (size_t i = 0; i < depth; ++i) objects += R"({"inner":)";
    EXPECT_THAT(codec_.Encode(type_, objects), StatusIs(kInvalid, HasSubstr("a.M")));
    EXPECT_THAT(codec_.Encode(type_, R"({"value":)" + std::string(depth, '[')),
                StatusIs(kInvalid, HasSubstr("a.M")));
  }
}

TEST_F(JsonCodecTest, RepliesOfAnyDepthAreRefusedAndNoMore) {
  std::string bytes;
  while (bytes.size() < 100'000) {
    std::string size;
    for (size_t left = bytes.size();; left >>= 7) {
      size += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
      if (left <= 0x7f) break;
    }
    bytes.insert(0, size).insert(0, 1, '\x42');
  }
  EXPECT_THAT(codec_.Decode(type_, bytes), StatusIs(kDataLoss, HasSubstr("a.M")));
}

TEST_F(JsonCodecTest, AnyOfAnyOfAnyIsRefusedAndNoMore) {
  pb::Any any;
  for (int depth = 0; depth < 1000; ++depth) {
    const std::string bytes = any.SerializeAsString();
    any.set_type_url("x/google.protobuf.Any");
    any.set_value(bytes);
  }
  EXPECT_THAT(codec_.DecodeAny(any), StatusIs(kDataLoss, HasSubstr("too many")));
}

TEST_F(JsonCodecTest, RepliesOfManyPartsAreRefused) {
  std::string bytes;
  for (size_t i = 0; i < ReplyCheck::kMostParts; ++i) bytes += std::string("\x52\x00", 2);
  EXPECT_THAT(codec_.Decode(type_, bytes), IsOk());
  EXPECT_THAT(codec_.Decode(type_, bytes + bytes), StatusIs(kDataLoss, HasSubstr("too large")));
}

// Each is asked of the server, and that ends.
TEST_F(JsonCodecTest, EndlesslyManyTypesThatNobodyKnows) {
  const int asked = files_->asked;
  for (int i = 0; i < 1000; ++i) {
    pb::Any any;
    any.set_type_url(absl::StrCat("x/no.Such", i));
    any.set_value("\x08\x01");
    EXPECT_THAT(codec_.DecodeAny(any), IsOk());
  }
  EXPECT_LE(files_->asked - asked, MessageTypes::kMostMissing);
}

TEST_F(JsonCodecTest, NamesOfAnyLengthMakeNoTextOfAnyLength) {
  auto files = std::make_unique<FakeFiles>();
  pb::FileDescriptorProto file;
  file.set_name("long.proto");
  auto& message = *file.add_message_type();
  message.set_name("L");
  for (const bool is_inner : {false, true}) {
    auto& field = *message.add_field();
    field.set_name(is_inner ? "inner" : std::string(1000, 'x'));
    field.set_number(is_inner ? 2 : 1);
    field.set_type(is_inner ? pb::FieldDescriptorProto::TYPE_MESSAGE
                            : pb::FieldDescriptorProto::TYPE_BOOL);
    if (is_inner) field.set_type_name(".L");
    field.set_label(is_inner ? pb::FieldDescriptorProto::LABEL_REPEATED
                             : pb::FieldDescriptorProto::LABEL_OPTIONAL);
  }
  files->Add(file, {"L"});
  Schema schema(std::move(files));
  JsonCodec codec(&schema);
  std::string bytes;
  for (int i = 0; i < 200'000; ++i) bytes += "\x12\x02\x08\x01";
  EXPECT_THAT(codec.Decode(**schema.Message("L"), bytes), StatusIs(kDataLoss, HasSubstr("JSON")));
}

TEST_F(JsonCodecTest, RepliesThatAreNoMessages) {
  for (const std::string bytes :
       {"\x0a\x05x", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x0f"}) {
    EXPECT_THAT(codec_.Decode(type_, bytes), StatusIs(kDataLoss, HasSubstr("a.M")));
  }
}

TEST_F(JsonCodecTest, NothingMovesTheCursor) {
  // CSI in ASCII and as C1, backspace, DEL, right-to-left override, and no UTF-8.
  for (const std::string text :
       {"\x1b[2J", "\xc2\x9b\x32J", "\b\r\n\x7f", "\xe2\x80\xae", "\xff\xfe"}) {
    const std::string bytes = "\x0a" + std::string(1, static_cast<char>(text.size())) + text;
    const absl::StatusOr<JsonCodec::Decoded> decoded = codec_.Decode(type_, bytes);
    if (!decoded.ok()) continue;  // no UTF-8
    EXPECT_THAT(decoded->json, Not(HasSubstr(text)));
    for (const char byte : decoded->json) EXPECT_GE(static_cast<unsigned char>(byte), 0x20);
  }
}

TEST_F(JsonCodecTest, FieldsThatTheTypeDoesNotDeclare) {
  // #20 and inner.#21, the latter twice.
  const std::string inner = "\xa8\x01\x01";
  const std::string bytes = "\xa0\x01\x07\x42\x03" + inner + "\x42\x03" + inner;
  const absl::StatusOr<JsonCodec::Decoded> decoded = codec_.Decode(type_, bytes);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->json, R"({"inner":{}})");
  EXPECT_THAT(decoded->unknown, ElementsAre("field #20", "field inner.#21"));
}

}  // namespace
}  // namespace udsecho::client
