// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/schema/describe.h"
#include "client/schema/json_template.h"
#include "client/schema/method_lookup.h"
#include "tests/client/fake_files.h"
#include "tests/support/status_matchers.h"

namespace udsecho::client {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::StatusCode kNotFound = absl::StatusCode::kNotFound;
constexpr absl::StatusCode kBroken = absl::StatusCode::kFailedPrecondition;
constexpr absl::StatusCode kTooMuch = absl::StatusCode::kResourceExhausted;

constexpr char kGreeter[] = R"pb(
  name: "greeter.proto"
  package: "demo"
  dependency: "types.proto"
  message_type {
    name: "HelloRequest"
    field {
      name: "user_name"
      number: 1
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      json_name: "userName"
    }
    field { name: "age" number: 2 type: TYPE_INT64 label: LABEL_OPTIONAL json_name: "Age" }
    field {
      name: "friends"
      number: 3
      type: TYPE_MESSAGE
      type_name: ".demo.HelloRequest"
      label: LABEL_REPEATED
    }
    field { name: "mood" number: 4 type: TYPE_ENUM type_name: ".demo.Mood" label: LABEL_OPTIONAL }
  }
  service {
    name: "Greeter"
    method { name: "Hello" input_type: ".demo.HelloRequest" output_type: ".demo.HelloRequest" }
    method { name: "Ask" input_type: ".demo.HelloRequest" output_type: ".demo.HelloRequest" }
  }
  service {
    name: "Other"
    method { name: "Ask" input_type: ".demo.HelloRequest" output_type: ".demo.HelloRequest" }
  }
  syntax: "proto3")pb";

constexpr char kTypes[] = R"pb(
  name: "types.proto"
  package: "demo"
  enum_type {
    name: "Mood"
    value { name: "CALM" number: 0 }
    value { name: "GLAD" number: 1 }
  }
  syntax: "proto3")pb";

std::unique_ptr<FakeFiles> Greeter() {
  auto files = std::make_unique<FakeFiles>();
  files->services = {"demo.Greeter", "demo.Other"};
  files->Add(kGreeter, {"demo.Greeter", "demo.Other", "demo.HelloRequest"});
  files->Add(kTypes, {"demo.Mood"});
  return files;
}

TEST(SchemaTest, WhatIsImportedIsAskedForOnce) {
  auto files = Greeter();
  FakeFiles& source = *files;
  Schema schema(std::move(files));
  ASSERT_THAT(schema.Service("demo.Greeter"), IsOk());
  EXPECT_EQ(source.asked, 2);
  EXPECT_THAT(schema.Service("demo.Other"), IsOk());
  EXPECT_THAT(schema.Message("demo.HelloRequest"), IsOk());
  EXPECT_THAT(schema.Enum("demo.Mood"), IsOk());
  EXPECT_EQ(source.asked, 2);
}

TEST(SchemaTest, WhatIsNotThereOrIsSomethingElse) {
  Schema schema(Greeter());
  EXPECT_THAT(schema.Service("demo.Nobody"), StatusIs(kNotFound, HasSubstr("demo.Nobody")));
  EXPECT_THAT(schema.Service("demo.Mood"), StatusIs(kNotFound, HasSubstr("something else")));
}

TEST(SchemaTest, TheWellKnownTypesNeedNoServer) {
  auto files = std::make_unique<FakeFiles>();
  files->Add(R"pb(name: "a.proto"
                  package: "a"
                  dependency: "google/protobuf/timestamp.proto"
                  message_type {
                    name: "M"
                    field {
                      name: "at"
                      number: 1
                      type: TYPE_MESSAGE
                      label: LABEL_OPTIONAL
                      type_name: ".google.protobuf.Timestamp"
                    }
                  })pb",
             {"a.M"});
  Schema schema(std::move(files));
  const auto message = schema.Message("a.M");
  ASSERT_THAT(message, IsOk());
  EXPECT_EQ((*message)->field(0)->message_type()->field_count(), 2);
  EXPECT_THAT(schema.Message("google.protobuf.Any"), IsOk());
}

TEST(SchemaTest, AMissingFileTakesItsTypesAlone) {
  auto files = Greeter();
  files->by_name.erase("types.proto");
  files->by_symbol.erase("demo.Mood");
  Schema schema(std::move(files));
  EXPECT_THAT(FindMethod("demo.Greeter/Hello", &schema), IsOk());
  EXPECT_THAT(schema.Enum("demo.Mood"), StatusIs(kNotFound, HasSubstr("demo.Mood")));
}

// descriptor.proto of our protobuf does not know these fields: FileOptions.features and FieldOptions.features.
TEST(SchemaTest, AFileOfAnEdition) {
  google::protobuf::FileDescriptorProto file;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(name: "e.proto"
           syntax: "editions"
           message_type {
             name: "M"
             field { name: "many" number: 1 type: TYPE_INT32 label: LABEL_REPEATED }
             field { name: "spread" number: 2 type: TYPE_INT32 label: LABEL_REPEATED }
             field { name: "needed" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL }
             field { name: "free" number: 4 type: TYPE_STRING label: LABEL_OPTIONAL }
           })pb",
      &file));
  auto& fields = *file.mutable_message_type(0)->mutable_field();
  const auto features = [](auto* options, int number, const std::string& set) {
    options->mutable_unknown_fields()->AddLengthDelimited(number, set);
  };
  features(file.mutable_options(), 50, "\x08\x03");               // LEGACY_REQUIRED
  features(fields[1].mutable_options(), 21, "\x18\x02");          // EXPANDED
  features(fields[3].mutable_options(), 21, "\x08\x02\x20\x02");  // IMPLICIT, and another feature
  auto files = std::make_unique<FakeFiles>();
  files->Add(file, {"M"});
  Schema schema(std::move(files));
  const auto message = schema.Message("M");
  ASSERT_THAT(message, IsOk());
  EXPECT_TRUE((*message)->FindFieldByName("many")->is_packed());
  EXPECT_FALSE((*message)->FindFieldByName("spread")->is_packed());
  EXPECT_TRUE((*message)->FindFieldByName("needed")->is_required());
  EXPECT_FALSE((*message)->FindFieldByName("free")->is_required());
}

TEST(SchemaTest, FilesThatImportEachOther) {
  auto files = std::make_unique<FakeFiles>();
  files->Add(R"pb(name: "a"
                  dependency: "b"
                  message_type { name: "A" })pb",
             {"A"});
  files->Add(R"pb(name: "b" dependency: "c")pb", {});
  files->Add(R"pb(name: "c" dependency: "a")pb", {});
  files->Add(R"pb(name: "self"
                  dependency: "self"
                  message_type { name: "S" })pb",
             {"S"});
  Schema schema(std::move(files));
  EXPECT_THAT(schema.Message("A"), StatusIs(kBroken, HasSubstr("imports itself")));
  EXPECT_THAT(schema.Message("S"), StatusIs(kBroken, HasSubstr("imports itself")));
}

TEST(SchemaTest, AChainOfThousandsOfImports) {
  auto files = std::make_unique<FakeFiles>();
  constexpr int kLength = 4000;
  for (int i = 0; i < kLength; ++i) {
    google::protobuf::FileDescriptorProto file;
    file.set_name(absl::StrCat("f", i));
    if (i + 1 < kLength) file.add_dependency(absl::StrCat("f", i + 1));
    file.add_message_type()->set_name(absl::StrCat("M", i));
    files->Add(file, {absl::StrCat("M", i)});
  }
  Schema schema(std::move(files));
  EXPECT_THAT(schema.Message("M0"), IsOk());
}

TEST(SchemaTest, TooMuch) {
  auto many = std::make_unique<FakeFiles>();
  google::protobuf::FileDescriptorProto file;
  file.set_name("all");
  file.add_message_type()->set_name("M");
  for (size_t i = 0; i <= FileBudget::kMostFiles; ++i) file.add_dependency(absl::StrCat("f", i));
  many->Add(file, {"M"});
  EXPECT_THAT(Schema(std::move(many)).Message("M"), StatusIs(kTooMuch, HasSubstr("too large")));

  auto large = std::make_unique<FakeFiles>();
  large->by_symbol["M"] = {std::string(FileBudget::kMostBytes + 1, '\0')};
  EXPECT_THAT(Schema(std::move(large)).Message("M"), StatusIs(kTooMuch, HasSubstr("too large")));
}

// Two bytes each, and four hundred once they are linked.
TEST(SchemaTest, TooManyParts) {
  auto files = std::make_unique<FakeFiles>();
  files->by_symbol["M"] = {""};
  for (int i = 0; i < 400'000; ++i) files->by_symbol["M"][0] += std::string("\x22\x00", 2);
  EXPECT_THAT(Schema(std::move(files)).Message("M"), StatusIs(kTooMuch, HasSubstr("too large")));
}

// Each of the fields would have the package's name in its own.
TEST(SchemaTest, NamesThatAreTooLong) {
  auto files = std::make_unique<FakeFiles>();
  google::protobuf::FileDescriptorProto file;
  file.set_name("long");
  file.set_package(std::string(3000, 'p'));
  auto* const message = file.add_message_type();
  message->set_name("M");
  for (int i = 0; i < 20'000; ++i) message->add_field()->set_name(absl::StrCat("f", i));
  files->Add(file, {"M"});
  file.set_package(std::string(5000, 'p'));
  file.mutable_message_type(0)->clear_field();
  files->Add(file, {"N"});
  Schema schema(std::move(files));
  EXPECT_THAT(schema.Message("M"), StatusIs(kTooMuch, HasSubstr("names")));
  EXPECT_THAT(schema.Message("N"), StatusIs(kTooMuch, HasSubstr("names")));
}

// Protobuf compares each with each.
TEST(SchemaTest, TooManyRanges) {
  auto files = std::make_unique<FakeFiles>();
  google::protobuf::FileDescriptorProto file;
  file.set_name("ranges");
  auto* const message = file.add_message_type();
  message->set_name("M");
  for (int i = 0; i < 100'000; ++i) {
    auto* const range = message->add_reserved_range();
    range->set_start(2 * i + 1);
    range->set_end(2 * i + 2);
  }
  files->Add(file, {"M"});
  EXPECT_THAT(Schema(std::move(files)).Message("M"), StatusIs(kTooMuch, HasSubstr("too large")));
}

TEST(SchemaTest, TooManyServices) {
  auto files = std::make_unique<FakeFiles>();
  files->services.resize(Schema::kMostServices + 1);
  EXPECT_THAT(Schema(std::move(files)).Services(), StatusIs(kTooMuch, HasSubstr("services")));
}

TEST(SchemaTest, WhatIsBrokenIsSaidInOneLine) {
  auto files = std::make_unique<FakeFiles>();
  files->by_symbol["junk"] = {"\xff\xff\xff"};
  files->by_symbol["empty"] = {};
  files->Add(R"pb(name: "\033[2J"
                  message_type { name: "bad name" })pb",
             {"bad"});
  files->Add(R"pb(name: "t"
                  message_type {
                    name: "T"
                    field { name: "x" number: 0 }
                  })pb",
             {"T"});
  Schema schema(std::move(files));
  EXPECT_THAT(schema.Message("junk"), StatusIs(kBroken, HasSubstr("cannot be parsed")));
  EXPECT_THAT(schema.Message("empty"), StatusIs(kNotFound, HasSubstr("do not")));
  EXPECT_THAT(schema.Message("bad"), StatusIs(kBroken, Not(HasSubstr("\033"))));
  EXPECT_THAT(schema.Message("T"), StatusIs(kBroken, HasSubstr("T.x")));
}

TEST(MethodLookupTest, NamesMayBeShortenedWhileTheyAreUnique) {
  Schema schema(Greeter());
  for (const char* name : {"demo.Greeter/Hello", "/demo.Greeter/Hello", "demo.Greeter.Hello",
                           "Greeter/Hello", "Greeter.Hello", "Hello"}) {
    const auto method = FindMethod(name, &schema);
    ASSERT_THAT(method, IsOk()) << name;
    EXPECT_EQ(MethodPath(**method), "/demo.Greeter/Hello");
  }
  EXPECT_THAT(FindMethod("Ask", &schema),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("demo.Greeter/Ask"), HasSubstr("demo.Other/Ask"))));
  EXPECT_THAT(FindMethod("Helo", &schema),
              StatusIs(kNotFound, HasSubstr("did you mean demo.Greeter/Hello?")));
  EXPECT_THAT(FindMethod("Greter.Helo", &schema),
              StatusIs(kNotFound, HasSubstr("did you mean demo.Greeter/Hello?")));
  EXPECT_THAT(FindMethod("demo.Other/Aks", &schema),
              StatusIs(kNotFound, HasSubstr("did you mean demo.Other/Ask")));
  for (const char* service : {"Greeter", "demo.Greeter"}) {
    EXPECT_THAT(FindMethod(service, &schema),
                StatusIs(kNotFound, AllOf(HasSubstr("is a service"), HasSubstr("demo.Greeter/"))));
  }
  EXPECT_THAT(FindMethod("ello", &schema), StatusIs(kNotFound, HasSubstr("ello")));
  EXPECT_THAT(FindMethod("", &schema), StatusIs(kNotFound, HasSubstr("no method")));
}

TEST(MethodLookupTest, ABrokenServiceHidesNoOther) {
  auto files = Greeter();
  files->services.insert(files->services.begin(), "broken.Service");
  files->by_symbol["broken.Service"] = {"\xff"};
  Schema schema(std::move(files));
  EXPECT_THAT(FindMethod("Hello", &schema), IsOk());
}

TEST(DescribeTest, AMethodHasItsRequest) {
  Schema schema(Greeter());
  const auto text = Describe("Hello", &schema);
  ASSERT_THAT(text, IsOk());
  EXPECT_THAT(*text, AllOf(HasSubstr("rpc Hello(.demo.HelloRequest) returns (.demo.HelloRequest);"),
                           HasSubstr("string user_name = 1;"),
                           HasSubstr("int64 age = 2 [json_name = \"Age\"];"),
                           HasSubstr("\"userName\": \"\""), HasSubstr("\"mood\": \"CALM\"")));
}

TEST(DescribeTest, AnythingByItsName) {
  Schema schema(Greeter());
  EXPECT_EQ(Describe("demo.Mood", &schema).value_or(""),
            "// demo.Mood\nenum Mood {\n  CALM = 0;\n  GLAD = 1;\n}");
  EXPECT_THAT(Describe("Other", &schema).value_or(""), HasSubstr("service Other {"));
  EXPECT_THAT(Describe(".demo.HelloRequest", &schema).value_or(""), HasSubstr("As JSON"));
  EXPECT_THAT(Describe("", &schema).value_or(""),
              AllOf(HasSubstr("service Greeter"), HasSubstr("service Other")));
  EXPECT_THAT(Describe("Nothing", &schema), StatusIs(kNotFound, HasSubstr("Nothing")));
}

TEST(JsonTemplateTest, ATypeWithinItselfEnds) {
  Schema schema(Greeter());
  EXPECT_EQ(JsonTemplate(**schema.Message("demo.HelloRequest")),
            R"({
  "userName": "",
  "Age": "0",
  "friends": [
    {}
  ],
  "mood": "CALM"
})");
}

// Each type has ten fields of the next one: all of it would be 10^8 fields.
TEST(JsonTemplateTest, ATreeOfTypesIsCut) {
  google::protobuf::FileDescriptorProto file;
  file.set_name("tree");
  for (int level = 0; level < 9; ++level) {
    auto* const message = file.add_message_type();
    message->set_name(absl::StrCat("T", level));
    for (int i = 0; level < 8 && i < 10; ++i) {
      auto* const field = message->add_field();
      field->set_name(absl::StrCat("f", i));
      field->set_number(i + 1);
      field->set_type(google::protobuf::FieldDescriptorProto::TYPE_MESSAGE);
      field->set_type_name(absl::StrCat(".T", level + 1));
      field->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
    }
  }
  auto files = std::make_unique<FakeFiles>();
  files->Add(file, {"T0"});
  Schema schema(std::move(files));
  EXPECT_LT(JsonTemplate(**schema.Message("T0")).size(), 20'000);
}

}  // namespace
}  // namespace udsecho::client
