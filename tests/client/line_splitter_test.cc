// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/line_splitter.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Lines(LineSplitter* splitter) {
  std::vector<std::string> lines;
  for (auto line = splitter->Next(); line.has_value(); line = splitter->Next()) {
    lines.emplace_back(line->data(), line->size());
  }
  return lines;
}

std::vector<std::string> LinesAndLast(LineSplitter* splitter) {
  std::vector<std::string> lines = Lines(splitter);
  if (const std::optional<absl::string_view> last = splitter->Last()) {
    lines.emplace_back(last->data(), last->size());
  }
  return lines;
}

TEST(LineSplitterTest, WholeLines) {
  LineSplitter splitter;
  splitter.Add("one\n\ntwo\r\n");
  EXPECT_THAT(LinesAndLast(&splitter), ElementsAre("one", "", "two\r"));
}

TEST(LineSplitterTest, TheLastLineNeedsNoLineFeed) {
  LineSplitter splitter;
  splitter.Add("one\ntwo");
  EXPECT_THAT(Lines(&splitter), ElementsAre("one"));
  EXPECT_EQ(splitter.pending(), 3u);
  EXPECT_EQ(splitter.Last(), "two");
  EXPECT_EQ(splitter.Last(), std::nullopt);
}

TEST(LineSplitterTest, NothingIsNoLine) {
  LineSplitter splitter;
  EXPECT_FALSE(splitter.HasNext());
  EXPECT_THAT(LinesAndLast(&splitter), IsEmpty());
}

TEST(LineSplitterTest, WhereBlocksEndDoesNotMatter) {
  const std::string text = "one\n\ntwo\nand three\n\n\nfour";
  for (size_t size = 1; size <= text.size(); ++size) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    for (size_t at = 0; at < text.size(); at += size) {
      splitter.Add(absl::string_view(text).substr(at, size));
      splitter.HasNext();
      for (std::string& line : Lines(&splitter)) lines.push_back(std::move(line));
    }
    for (std::string& line : LinesAndLast(&splitter)) lines.push_back(std::move(line));
    EXPECT_THAT(lines, ElementsAre("one", "", "two", "and three", "", "", "four")) << size;
  }
}

TEST(LineSplitterTest, AddingWhileALineIsKnown) {
  LineSplitter splitter;
  splitter.Add("one\ntwo\nthr");
  EXPECT_EQ(splitter.Next(), "one");
  EXPECT_TRUE(splitter.HasNext());
  splitter.Add("ee\n");
  EXPECT_THAT(Lines(&splitter), ElementsAre("two", "three"));
}

// 64 MiB in blocks: quadratic work would take minutes.
TEST(LineSplitterTest, ALongLineIsSearchedOnce) {
  LineSplitter splitter;
  const std::string block(4096, 'x');
  for (int i = 0; i < 16 * 1024; ++i) {
    splitter.Add(block);
    ASSERT_FALSE(splitter.HasNext());
  }
  splitter.Add("\n");
  const std::optional<absl::string_view> line = splitter.Next();
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line.value_or("").size(), 64u * 1024 * 1024);
}

}  // namespace
}  // namespace udsecho::client
