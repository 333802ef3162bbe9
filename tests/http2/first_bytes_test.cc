// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/first_bytes.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace http2 {
namespace {

TEST(FirstBytesTest, HowFarThePrefaceHasCome) {
  for (std::size_t i = 1; i < kPreface.size(); ++i) {
    EXPECT_EQ(LookAt(kPreface.substr(0, i)), Protocol::kUndecided) << i;
  }
  EXPECT_EQ(LookAt(kPreface), Protocol::kHttp2);
  EXPECT_EQ(LookAt(absl::StrCat(kPreface, "more")), Protocol::kHttp2);
}

TEST(FirstBytesTest, AnyOtherByteDecides) {
  for (std::size_t i = 0; i < kPreface.size(); ++i) {
    std::string bytes(kPreface.substr(0, i + 1));
    bytes.back() = '\x01';
    EXPECT_NE(LookAt(bytes), Protocol::kUndecided) << i;
    EXPECT_NE(LookAt(bytes), Protocol::kHttp2) << i;
  }
}

TEST(FirstBytesTest, Others) {
  EXPECT_EQ(LookAt("GET / HTTP/1.1\r\n"), Protocol::kHttp1);
  EXPECT_EQ(LookAt("G"), Protocol::kHttp1);
  EXPECT_EQ(LookAt("PUT"), Protocol::kHttp1);
  EXPECT_EQ(LookAt("PRI * HTTP/1.1\r\n"), Protocol::kHttp1);
  EXPECT_EQ(LookAt("\x16"), Protocol::kTls);
  EXPECT_EQ(LookAt(absl::string_view("\x16\x03\x01\x02\x00", 5)), Protocol::kTls);
  EXPECT_EQ(LookAt("\x16\x04"), Protocol::kOther);
  EXPECT_EQ(LookAt("SSH-2.0"), Protocol::kOther);
  EXPECT_EQ(LookAt("get /"), Protocol::kOther);
  EXPECT_EQ(LookAt(absl::string_view("\0", 1)), Protocol::kOther);
  EXPECT_EQ(LookAt("\xff"), Protocol::kOther);
  EXPECT_EQ(LookAt(" "), Protocol::kOther);
  EXPECT_EQ(LookAt("INVALID CONNECTION PREFACE\r\n\r\n"), Protocol::kOther);
  EXPECT_EQ(LookAt("GETS /"), Protocol::kOther);
}

TEST(FirstBytesTest, TheAnswerToHttp1HasTheLengthThatItSays) {
  const absl::string_view answer = AnswerToHttp1();
  constexpr absl::string_view kLength = "Content-Length: ";
  const std::size_t at = answer.find(kLength) + kLength.size();
  int length = 0;
  ASSERT_TRUE(absl::SimpleAtoi(answer.substr(at, answer.find('\r', at) - at), &length));
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, length);
}

}  // namespace
}  // namespace http2
