// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A codec whose schema has a.M, with a field of each kind, and b.N.

#ifndef TESTS_CLIENT_JSON_CODEC_BED_H_
#define TESTS_CLIENT_JSON_CODEC_BED_H_

#include <memory>
#include <string>

#include "client/schema/json_codec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_files.h"
#include "tests/support/status_matchers.h"

namespace udsecho::client {

inline constexpr char kAll[] = R"pb(
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
inline constexpr char kElsewhere[] = R"pb(
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
    EXPECT_THAT(bytes, support::IsOk()) << json;
    if (!bytes.ok()) return "";
    return Json(*bytes);
  }
  std::string Json(const std::string& bytes) {
    const absl::StatusOr<JsonCodec::Decoded> decoded = codec_.Decode(type_, bytes);
    EXPECT_THAT(decoded, support::IsOk());
    return decoded.ok() ? decoded->json : "";
  }

  FakeFiles* files_ = nullptr;  // what the schema owns
  Schema schema_;
  JsonCodec codec_{&schema_};
  const google::protobuf::Descriptor& type_;
};

}  // namespace udsecho::client

#endif  // TESTS_CLIENT_JSON_CODEC_BED_H_
