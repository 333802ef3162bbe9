// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/json_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/schema/json_template.h"
#include "tests/client/fake_files.h"
#include "tests/client/json_codec_bed.h"
#include "tests/support/status_matchers.h"

namespace udsecho::client {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace pb = google::protobuf;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

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
