// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/json_splitter.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void TakeAll(JsonSplitter* splitter, std::vector<std::string>* objects) {
  for (auto object = splitter->Next(); object.has_value(); object = splitter->Next()) {
    objects->emplace_back(*object);
  }
}

// In blocks of that size.
std::vector<std::string> Objects(const std::string& text, size_t block) {
  JsonSplitter splitter;
  std::vector<std::string> objects;
  for (size_t at = 0; at < text.size(); at += block) {
    splitter.Add(text.substr(at, block));
    TakeAll(&splitter, &objects);
  }
  if (const auto last = splitter.Last()) objects.emplace_back(*last);
  EXPECT_EQ(splitter.Last(), std::nullopt);
  return objects;
}

std::vector<std::string> Objects(const std::string& text) { return Objects(text, text.size()); }

TEST(JsonSplitterTest, ObjectsOneAfterTheOther) {
  EXPECT_THAT(Objects(R"({"a":1}{"b":2}  {"c":3}
      {"d":4})"),
              ElementsAre(R"({"a":1})", R"({"b":2})", R"({"c":3})", R"({"d":4})"));
  EXPECT_THAT(Objects(" \n\t"), IsEmpty());
}

TEST(JsonSplitterTest, AnArrayIsWhatIsInIt) {
  EXPECT_THAT(Objects(R"([{"a":[1,{}]}, {"b":2}])"), ElementsAre(R"({"a":[1,{}]})", R"({"b":2})"));
  EXPECT_THAT(Objects("[]"), IsEmpty());
}

// Whoever parses what comes of it says what is wrong.
TEST(JsonSplitterTest, ArraysThatAreNoneAreMessages) {
  EXPECT_THAT(Objects("[{}"), ElementsAre("{}", "["));
  EXPECT_THAT(Objects("{}]"), ElementsAre("{}", "]"));
  EXPECT_THAT(Objects("{},{}"), ElementsAre("{}", ",{}"));
  EXPECT_THAT(Objects("[{},]"), ElementsAre("{}", "]"));
  EXPECT_THAT(Objects("[[{}]]"), ElementsAre("[{}]"));
  EXPECT_THAT(Objects("[{}][{}]"), ElementsAre("{}", "{}"));
}

TEST(JsonSplitterTest, AByteOrderMarkIsNoMessage) {
  EXPECT_THAT(Objects("\xef\xbb\xbf{}"), ElementsAre("{}"));
  EXPECT_THAT(Objects("{}\xef\xbb\xbf"), ElementsAre("{}", "\xef\xbb\xbf"));
}

TEST(JsonSplitterTest, BracesInStringsAreText) {
  const std::string object = R"({"a}":"{\"}\\","b":{"c":["]"]}})";
  EXPECT_THAT(Objects(object + object), ElementsAre(object, object));
}

TEST(JsonSplitterTest, WhereBlocksEndDoesNotMatter) {
  const std::string text = "[ {\"a\": \"\\\"}\"}, {} ]\nnope\n{\"b\": [{}]}{";
  const std::vector<std::string> whole = Objects(text);
  ASSERT_EQ(whole.size(), 5u);
  for (size_t block = 1; block < text.size(); ++block) EXPECT_EQ(Objects(text, block), whole);
}

TEST(JsonSplitterTest, WhatIsNoObjectIsItsLine) {
  EXPECT_THAT(Objects("nope {\n{\"a\":1}\n7"), ElementsAre("nope {\n", "{\"a\":1}", "7"));
}

TEST(JsonSplitterTest, WhatIsNotWholeIsTheLast) {
  EXPECT_THAT(Objects(R"({"a":1} {"b":)"), ElementsAre(R"({"a":1})", R"({"b":)"));
}

TEST(JsonSplitterTest, DepthCostsNothing) {
  std::string deep = R"({"a":)";
  deep.resize(10'000'000, '[');
  JsonSplitter splitter;
  splitter.Add(deep);
  EXPECT_FALSE(splitter.HasNext());
  EXPECT_EQ(splitter.pending(), deep.size());
}

}  // namespace
}  // namespace udsecho::client
