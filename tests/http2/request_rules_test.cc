// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/request_rules.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/http2/frames.h"

namespace http2 {
namespace {

bool IsAllowed(const Headers& fields) {
  RequestRules rules;
  for (const auto& [name, value] : fields) {
    if (!rules.Allow(name, value)) return false;
  }
  return rules.EndHeader();
}

Headers With(const Headers& more) {
  Headers fields = {{":method", "POST"}, {":scheme", "http"}, {":path", "/a.B/C"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

TEST(RequestRulesTest, WhatClientsSend) {
  EXPECT_TRUE(IsAllowed(With({})));
  EXPECT_TRUE(IsAllowed(With({{"te", "trailers"}, {"content-type", "application/grpc"}})));
  EXPECT_TRUE(IsAllowed(With({{"x-text", ""}, {"x-text", "caf\xc3\xa9 \t!"}})));
  EXPECT_TRUE(IsAllowed({{":method", "OPTIONS"}, {":scheme", "https"}, {":path", "*"}}));
  EXPECT_TRUE(IsAllowed({{":method", "CONNECT"}, {":authority", "a:1"}}));
}

TEST(RequestRulesTest, AnyAuthority) {
  for (const char* const authority :
       {"localhost", "/tmp/sock1", "%2Ftmp%2Fsock1", "a:1", "[::1]:1", "unix:/tmp/a b", ""}) {
    EXPECT_TRUE(IsAllowed(With({{":authority", authority}}))) << authority;
    EXPECT_TRUE(IsAllowed(With({{"host", authority}}))) << authority;
  }
  EXPECT_FALSE(IsAllowed(With({{":authority", "a\nb"}})));
  EXPECT_FALSE(IsAllowed(With({{":authority", "a"}, {":authority", "a"}})));
}

TEST(RequestRulesTest, PseudoHeaders) {
  EXPECT_FALSE(IsAllowed({{":scheme", "http"}, {":path", "/"}}));
  EXPECT_FALSE(IsAllowed({{":method", "GET"}, {":path", "/"}}));
  EXPECT_FALSE(IsAllowed({{":method", "GET"}, {":scheme", "http"}}));
  EXPECT_FALSE(IsAllowed(With({{":path", "/"}})));
  EXPECT_FALSE(IsAllowed(With({{":method", "POST"}})));
  EXPECT_FALSE(IsAllowed(With({{":scheme", "http"}})));
  EXPECT_FALSE(IsAllowed(With({{":status", "200"}})));
  EXPECT_FALSE(IsAllowed(With({{":", "200"}})));
  EXPECT_FALSE(IsAllowed(With({{"a", "b"}, {":authority", "a"}})));
  EXPECT_FALSE(IsAllowed({{":method", "CONNECT"}}));
  EXPECT_FALSE(IsAllowed({{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}}));
}

TEST(RequestRulesTest, TheirValues) {
  for (const char* const path : {"", "a", "a/b", "**", "/a b", "/a\r"}) {
    EXPECT_FALSE(IsAllowed({{":method", "GET"}, {":scheme", "http"}, {":path", path}})) << path;
  }
  for (const char* const scheme : {"", "1a", "a b", "a:"}) {
    EXPECT_FALSE(IsAllowed({{":method", "GET"}, {":scheme", scheme}, {":path", "/"}})) << scheme;
  }
  for (const char* const method : {"", "G T", "G\n"}) {
    EXPECT_FALSE(IsAllowed({{":method", method}, {":scheme", "http"}, {":path", "/"}})) << method;
  }
}

TEST(RequestRulesTest, NamesAndValues) {
  for (const char* const name : {"", "Upper", "a b", "a:", "a\n", "\xc3\xa9"}) {
    EXPECT_FALSE(IsAllowed(With({{name, "1"}}))) << name;
    EXPECT_FALSE(RequestRules::AllowTrailer(name, "1")) << name;
  }
  for (const std::string& value : {std::string("a\nb"), std::string("\r"), std::string("\0", 1),
                                   std::string(" a"), std::string("a\t"), std::string("\x7f")}) {
    EXPECT_FALSE(IsAllowed(With({{"a", value}}))) << value;
    EXPECT_FALSE(RequestRules::AllowTrailer("a", value)) << value;
  }
}

TEST(RequestRulesTest, FieldsOfTheConnection) {
  for (const char* const name :
       {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te"}) {
    EXPECT_FALSE(IsAllowed(With({{name, "gzip"}}))) << name;
    EXPECT_FALSE(RequestRules::AllowTrailer(name, "gzip")) << name;
  }
  EXPECT_TRUE(IsAllowed(With({{"te", "Trailers"}})));
}

TEST(RequestRulesTest, Trailers) {
  EXPECT_TRUE(RequestRules::AllowTrailer("a", "b"));
  EXPECT_FALSE(RequestRules::AllowTrailer(":path", "/"));
}

TEST(RequestRulesTest, ContentLength) {
  for (const char* const length :
       {"", "-1", "+1", " 1", "1 ", "1,1", "0x1", "9223372036854775808"}) {
    EXPECT_FALSE(IsAllowed(With({{"content-length", length}}))) << length;
  }
  EXPECT_FALSE(IsAllowed(With({{"content-length", "1"}, {"content-length", "1"}})));
  RequestRules rules;
  ASSERT_TRUE(rules.Allow("content-length", "5"));
  EXPECT_FALSE(rules.AllowEnd());
  EXPECT_TRUE(rules.AllowData(4));
  EXPECT_FALSE(rules.AllowEnd());
  EXPECT_TRUE(rules.AllowData(1));
  EXPECT_TRUE(rules.AllowEnd());
  EXPECT_FALSE(rules.AllowData(1));
}

TEST(RequestRulesTest, WithoutContentLengthAnyLengthIsRight) {
  RequestRules rules;
  EXPECT_TRUE(rules.AllowEnd());
  EXPECT_TRUE(rules.AllowData(1 << 20));
  EXPECT_TRUE(rules.AllowEnd());
}

}  // namespace
}  // namespace http2
