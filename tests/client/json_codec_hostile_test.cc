// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Requests and replies that are too deep, too many, too long, or no messages.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/schema/json_codec.h"
#include "client/schema/reply_check.h"
#include "tests/client/fake_files.h"
#include "tests/client/json_codec_bed.h"
#include "tests/support/status_matchers.h"

namespace udsecho::client {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

namespace pb = google::protobuf;

using JsonCodecHostileTest = JsonCodecTest;

constexpr absl::StatusCode kDataLoss = absl::StatusCode::kDataLoss;
constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

// Arrays too, of which protobuf itself would take the square of their depth.
TEST_F(JsonCodecHostileTest, ArraysOfAnyDepthAreRefusedAtOnce) {
  const std::string deep =
      absl::StrCat(R"({"text":)", std::string(100'000, '['), std::string(100'000, ']'), "}");
  EXPECT_THAT(codec_.Encode(type_, deep), StatusIs(kInvalid, HasSubstr("too deeply")));
  EXPECT_THAT(codec_.Encode(type_, absl::StrCat(R"({"text":")", std::string(1000, '['), "\"}")),
              IsOk());
}

// Ten thousand types, each in the one before: protobuf would make them all at once, on the stack.
TEST_F(JsonCodecHostileTest, AChainOfTypesIsRefused) {
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

TEST_F(JsonCodecHostileTest, JsonOfAnyDepthIsRefusedAndNoMore) {
  for (const size_t depth : {1000u, 1'000'000u}) {
    std::string objects;
    for (size_t i = 0; i < depth; ++i) objects += R"({"inner":)";
    EXPECT_THAT(codec_.Encode(type_, objects), StatusIs(kInvalid, HasSubstr("a.M")));
    EXPECT_THAT(codec_.Encode(type_, R"({"value":)" + std::string(depth, '[')),
                StatusIs(kInvalid, HasSubstr("a.M")));
  }
}

TEST_F(JsonCodecHostileTest, RepliesOfAnyDepthAreRefusedAndNoMore) {
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

TEST_F(JsonCodecHostileTest, AnyOfAnyOfAnyIsRefusedAndNoMore) {
  pb::Any any;
  for (int depth = 0; depth < 1000; ++depth) {
    const std::string bytes = any.SerializeAsString();
    any.set_type_url("x/google.protobuf.Any");
    any.set_value(bytes);
  }
  EXPECT_THAT(codec_.DecodeAny(any), StatusIs(kDataLoss, HasSubstr("too many")));
}

TEST_F(JsonCodecHostileTest, RepliesOfManyPartsAreRefused) {
  std::string bytes;
  for (size_t i = 0; i < ReplyCheck::kMostParts; ++i) bytes += std::string("\x52\x00", 2);
  EXPECT_THAT(codec_.Decode(type_, bytes), IsOk());
  EXPECT_THAT(codec_.Decode(type_, bytes + bytes), StatusIs(kDataLoss, HasSubstr("too large")));
}

// Each is asked of the server, and that ends.
TEST_F(JsonCodecHostileTest, EndlesslyManyTypesThatNobodyKnows) {
  const int asked = files_->asked;
  for (int i = 0; i < 1000; ++i) {
    pb::Any any;
    any.set_type_url(absl::StrCat("x/no.Such", i));
    any.set_value("\x08\x01");
    EXPECT_THAT(codec_.DecodeAny(any), IsOk());
  }
  EXPECT_LE(files_->asked - asked, MessageTypes::kMostMissing);
}

TEST_F(JsonCodecHostileTest, NamesOfAnyLengthMakeNoTextOfAnyLength) {
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

TEST_F(JsonCodecHostileTest, RepliesThatAreNoMessages) {
  for (const std::string bytes :
       {"\x0a\x05x", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x0f"}) {
    EXPECT_THAT(codec_.Decode(type_, bytes), StatusIs(kDataLoss, HasSubstr("a.M")));
  }
}

TEST_F(JsonCodecHostileTest, NothingMovesTheCursor) {
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

}  // namespace
}  // namespace udsecho::client
