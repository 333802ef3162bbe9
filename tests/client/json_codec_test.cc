// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/json_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/client/fake_files.h"
#include "tests/support/status_matchers.h"

namespace udsecho::client {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

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

  static std::unique_ptr<FileSource> Files() {
    auto files = std::make_unique<FakeFiles>();
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

TEST_F(JsonCodecTest, ATypeWithinAnyThatNobodyKnows) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/no.Such");
  any.set_value("\x08\x01");
  const std::string bytes = "\x0a\x01x\x2a" +
                            std::string(1, static_cast<char>(any.ByteSizeLong())) +
                            any.SerializeAsString();
  const absl::StatusOr<JsonCodec::Decoded> decoded = codec_.Decode(type_, bytes);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->json, R"({"text":"x","any":{"@type":"type.googleapis.com/no.Such"}})");
  EXPECT_THAT(decoded->unknown, ElementsAre("type no.Such"));
  EXPECT_THAT(codec_.Encode(type_, decoded->json), StatusIs(kInvalid, HasSubstr("no.Such")));
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
    bytes = "\x42" + size + bytes;
  }
  EXPECT_THAT(codec_.Decode(type_, bytes), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a.M")));
}

TEST_F(JsonCodecTest, RepliesThatAreNoMessages) {
  for (const std::string bytes :
       {"\x0a\x05x", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x0f"}) {
    EXPECT_THAT(codec_.Decode(type_, bytes),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a.M")));
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
