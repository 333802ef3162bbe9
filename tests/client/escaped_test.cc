// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/escaped.h"

#include <string>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {
namespace {

TEST(EscapedTest, JsonStaysTheSameJson) {
  const std::string json =
      "{\"a\":\"\xc2\x9b\x7f\xe2\x80\xae\xe2\x81\xa6\xf3\xa0\x81\x81 caf\xc3\xa9 \xf0\x9f\x99\x82 "
      "\\n\"}";
  const std::string escaped = EscapedJson(json);
  EXPECT_EQ(escaped, R"({"a":"\u009b\u007f\u202e\u2066\udb40\udc41 )"
                     "caf\xc3\xa9 \xf0\x9f\x99\x82 \\n\"}");
  EXPECT_EQ(nlohmann::json::parse(escaped), nlohmann::json::parse(json));
  EXPECT_EQ(EscapedJson("{}"), "{}");
  EXPECT_EQ(EscapedJson(""), "");
}

TEST(EscapedTest, TextKeepsItsLinesAndItsBackslashes) {
  EXPECT_EQ(EscapedText("a\tb\n\\d+ \033[2J\r\xff"), "a\tb\n\\d+ \\x1b[2J\\x0d\\xff");
}

}  // namespace
}  // namespace udsecho::client
