// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// rpc/wire/metadata.h and rpc/wire/status.h: what is sent is legal, and comes back as it was.

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "rpc/wire/metadata.h"
#include "rpc/wire/status.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/printable.h"
#include "tests/rpc/shapes.pb.h"

namespace udsecho::fuzz {
namespace {

namespace wire = rpc::wire;
using testing::v1::RichStatus;

const std::uint8_t* Bytes(absl::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

void ExpectLegal(absl::string_view name, absl::string_view value) {
  EXPECT_EQ(nghttp2_check_header_name(Bytes(name), name.size()), 1) << name;
  EXPECT_EQ(nghttp2_check_header_value_rfc9113(Bytes(value), value.size()), 1) << value;
}

std::string PercentDecoded(absl::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
    } else {
      decoded += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    }
  }
  return decoded;
}

void CheckMetadata(const std::string& key, const std::string& value) {
  const std::string encoded = wire::EncodeBinary(value);
  ExpectLegal("x-bin", encoded);
  const std::vector<std::string> once = {value};
  EXPECT_EQ(wire::DecodeBinary(encoded), once);
  const std::vector<std::string> twice = {value, key};
  EXPECT_EQ(wire::DecodeBinary(encoded + ", " + wire::EncodeBinary(key)), twice);
  if (wire::IsLegalToSend(key, value)) {
    ExpectLegal(key, wire::IsBinary(key) ? encoded : value);
    EXPECT_TRUE(wire::IsMetadata(key));
    EXPECT_NE(key, "connection");
  }
  // As a client's.
  const auto decoded = wire::DecodeBinary(value);
  if (!decoded.has_value()) return;
  std::vector<std::string> texts;
  for (const std::string& one : *decoded) texts.push_back(wire::EncodeBinary(one));
  EXPECT_EQ(wire::DecodeBinary(absl::StrJoin(texts, ",")), decoded);
}

void CheckTimeout(const std::string& text) {
  const auto timeout = wire::ParseTimeout(text);
  bool is_right = text.size() >= 2 && text.size() <= 9;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) is_right &= absl::ascii_isdigit(text[i]);
  static const std::map<char, absl::Duration> kUnits = {
      {'H', absl::Hours(1)},        {'M', absl::Minutes(1)},      {'S', absl::Seconds(1)},
      {'m', absl::Milliseconds(1)}, {'u', absl::Microseconds(1)}, {'n', absl::Nanoseconds(1)}};
  is_right = is_right && kUnits.count(text.back()) == 1;
  EXPECT_EQ(timeout.has_value(), is_right) << text;
  if (is_right) EXPECT_EQ(*timeout, std::stoi(text) * kUnits.at(text.back()));
}

void CheckStatus(int code, const std::string& message, const std::string& detail, bool is_rich) {
  absl::Status status(static_cast<absl::StatusCode>(code), message);
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/x");
  any.set_value(detail);
  if (is_rich && !status.ok()) status = rpc::WithDetails(status, {any, any});

  const wire::StatusFields fields(status);
  std::vector<http2::Field> sent;
  fields.AddTo(&sent);
  std::map<std::string, std::string> by_name;
  for (const http2::Field& field : sent) {
    ExpectLegal(field.name, field.value);
    by_name[std::string(field.name)] = std::string(field.value);
  }
  EXPECT_EQ(by_name.size(), sent.size());
  const std::string number = code > 16 ? "2" : std::to_string(code);
  EXPECT_EQ(by_name["grpc-status"], number);
  EXPECT_EQ(PercentDecoded(by_name["grpc-message"]), status.message());
  const auto details = wire::DecodeBinary(by_name["grpc-status-details-bin"]);
  EXPECT_EQ(details->size(), 1U);
  if (!is_rich || status.ok()) return;
  RichStatus rich;
  EXPECT_TRUE(rich.ParseFromString(details->front()));
  EXPECT_EQ(std::to_string(rich.code()), number);
  if (IsUtf8(message)) EXPECT_EQ(rich.message(), message);
  EXPECT_EQ(rich.details_size(), 2);
  EXPECT_EQ(rich.details(1).value(), detail);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const unsigned code = in.Below(20);
  const bool is_rich = in.Byte() % 2 == 0;
  const std::string one = in.Text();
  const std::string other(in.Rest());
  CheckTimeout(one);
  CheckTimeout(other);
  CheckMetadata(one, other);
  CheckStatus(static_cast<int>(code), one, other, is_rich);
  EXPECT_EQ(PercentDecoded(wire::PercentEncode(other)), other);
  ExpectLegal("x", wire::PercentEncode(other));
  wire::IsGrpc(one);
  return 0;
}

}  // namespace udsecho::fuzz
