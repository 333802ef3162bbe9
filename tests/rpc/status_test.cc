// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A status in header fields.

#include "rpc/wire/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "rpc/wire/metadata.h"
#include "tests/rpc/shapes.pb.h"

namespace rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using udsecho::testing::v1::RichStatus;

std::map<std::string, std::string> FieldsOf(const absl::Status& status) {
  const wire::StatusFields fields(status);
  std::vector<http2::Field> header;
  fields.AddTo(&header);
  std::map<std::string, std::string> all;
  for (const http2::Field& field : header) {
    EXPECT_TRUE(all.emplace(field.name, field.value).second) << "twice: " << field.name;
  }
  return all;
}

RichStatus DetailsOf(const absl::Status& status) {
  const auto decoded = wire::DecodeBinary(FieldsOf(status)["grpc-status-details-bin"]);
  RichStatus rich;
  EXPECT_TRUE(decoded.has_value() && decoded->size() == 1);
  EXPECT_TRUE(rich.ParseFromString(decoded->front()));
  return rich;
}

google::protobuf::Any Any(const std::string& type_url, const std::string& value) {
  google::protobuf::Any any;
  any.set_type_url(type_url);
  any.set_value(value);
  return any;
}

std::vector<std::string> TypesOf(const RichStatus& rich) {
  std::vector<std::string> types;
  for (const auto& detail : rich.details()) types.push_back(detail.type_url());
  return types;
}

TEST(StatusFieldsTest, OkIsANumberAlone) {
  EXPECT_THAT(FieldsOf(absl::OkStatus()), UnorderedElementsAre(Pair("grpc-status", "0")));
}

TEST(StatusFieldsTest, DetailsCanBeReadWhateverTheMessageIs) {
  const absl::Status status =
      WithDetails(absl::AbortedError("a\xb5 \xc3\xa9"), {Any("type.googleapis.com/x", "y")});
  EXPECT_EQ(FieldsOf(status)["grpc-message"], "a%B5 %C3%A9");
  EXPECT_EQ(DetailsOf(status).message(), "a? ??");
  EXPECT_THAT(TypesOf(DetailsOf(status)), ElementsAre("type.googleapis.com/x"));
}

TEST(StatusFieldsTest, EachCodeIsItsNumber) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    EXPECT_THAT(FieldsOf(status), UnorderedElementsAre(Pair("grpc-status", std::to_string(code)),
                                                       Pair("grpc-message", "why")));
  }
}

TEST(StatusFieldsTest, AnUnknownCodeIsUnknown) {
  for (const int code : {17, 100, -1}) {
    EXPECT_EQ(FieldsOf(absl::Status(static_cast<absl::StatusCode>(code), "why"))["grpc-status"],
              "2")
        << code;
  }
}

TEST(StatusFieldsTest, AnEmptyMessageIsNotSent) {
  EXPECT_THAT(FieldsOf(absl::NotFoundError("")), UnorderedElementsAre(Pair("grpc-status", "5")));
}

TEST(PercentTest, PrintableAsciiStaysButForThePercent) {
  std::string printable;
  for (char c = ' '; c <= '~'; ++c) printable += c;
  std::string expected = printable;
  expected.replace(expected.find('%'), 1, "%25");
  EXPECT_EQ(wire::PercentEncode("x" + printable), "x" + expected);
  EXPECT_EQ(wire::PercentEncode(""), "");
}

TEST(PercentTest, AllElseIsItsBytes) {
  EXPECT_EQ(wire::PercentEncode("a\nb\r\t"), "a%0Ab%0D%09");
  EXPECT_EQ(wire::PercentEncode("\xc3\xa4\xff"), "%C3%A4%FF");
  EXPECT_EQ(wire::PercentEncode(std::string(1, '\0') + "\x7f"), "%00%7F");
}

// A client may take a value that begins or ends with one for malformed.
TEST(PercentTest, ASpaceAtEitherEndIsItsByte) {
  EXPECT_EQ(wire::PercentEncode(" a b "), "%20a b%20");
  EXPECT_EQ(wire::PercentEncode(" "), "%20");
}

TEST(DetailsTest, AreSentInTheirOrderEvenIfTwoAreOfAType) {
  const absl::Status status = WithDetails(
      absl::NotFoundError("no such row"),
      {Any("type/b", "1"), Any("type/a", "2"), Any("type/b", std::string("\0\xff", 2))});
  EXPECT_EQ(status.message(), "no such row");
  const auto fields = FieldsOf(status);
  EXPECT_EQ(fields.at("grpc-status"), "5");
  EXPECT_EQ(fields.at("grpc-message"), "no such row");
  const RichStatus rich = DetailsOf(status);
  EXPECT_EQ(rich.code(), 5);
  EXPECT_EQ(rich.message(), "no such row");
  EXPECT_THAT(TypesOf(rich), ElementsAre("type/b", "type/a", "type/b"));
  EXPECT_EQ(rich.details(2).value(), std::string("\0\xff", 2));
}

TEST(DetailsTest, PayloadsAreSentByTheOrderOfTheirTypes) {
  absl::Status status = absl::InternalError("why");
  status.SetPayload("type/z", absl::Cord("last"));
  status.SetPayload("type/a", absl::Cord("first"));
  const RichStatus rich = DetailsOf(status);
  EXPECT_EQ(rich.code(), 13);
  EXPECT_EQ(rich.message(), "why");
  EXPECT_THAT(TypesOf(rich), ElementsAre("type/a", "type/z"));
  EXPECT_EQ(rich.details(0).value(), "first");
}

// As status.h says: "Payloads that were set otherwise are sent too".
TEST(DetailsTest, PayloadsBesideDetailsAreSentBehindThem) {
  absl::Status status = WithDetails(absl::InternalError("why"), {Any("type/z", "detail")});
  status.SetPayload("type/b", absl::Cord("payload"));
  status.SetPayload("type/a", absl::Cord("payload"));
  EXPECT_THAT(TypesOf(DetailsOf(status)), ElementsAre("type/z", "type/a", "type/b"));
}

TEST(DetailsTest, ThoseOfAnUnknownCodeAreOfTheCodeThatIsSent) {
  absl::Status status(static_cast<absl::StatusCode>(100), "why");
  status.SetPayload("type/a", absl::Cord("x"));
  EXPECT_EQ(FieldsOf(status)["grpc-status"], "2");
  EXPECT_EQ(DetailsOf(status).code(), 2);
}

}  // namespace
}  // namespace rpc
