// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/excerpt.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace udsecho {
namespace {

std::string Repeat(absl::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) absl::StrAppend(&result, text);
  return result;
}

TEST(ExcerptTest, AShortTextStaysWhole) {
  EXPECT_EQ(PrintableExcerpt(""), "");
  EXPECT_EQ(PrintableExcerpt("Test this string"), "Test this string");
  EXPECT_EQ(PrintableExcerpt(Repeat("x", 200)), Repeat("x", 200));
}

TEST(ExcerptTest, ALongTextIsCutAndItsSizeTold) {
  EXPECT_EQ(PrintableExcerpt(Repeat("x", 201)), Repeat("x", 200) + "... (201 bytes)");
  EXPECT_EQ(PrintableExcerpt(Repeat("x", 4'194'304)), Repeat("x", 200) + "... (4194304 bytes)");
}

TEST(ExcerptTest, CharactersAreCountedAndNotBytes) {
  for (const absl::string_view character : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    const std::string whole = Repeat(character, 200);
    EXPECT_EQ(PrintableExcerpt(whole), whole);
    EXPECT_EQ(RawExcerpt(whole + std::string(character)), whole);
  }
}

TEST(ExcerptTest, AnExcerptIsBoundedWhateverTheBytes) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1'000'000, static_cast<char>(byte));
    EXPECT_LE(RawExcerpt(text).size(), 800u) << byte;
    EXPECT_LT(PrintableExcerpt(text).size(), 4000u) << byte;
  }
}

TEST(ExcerptTest, CannotForgeALineOrMoveTheCursor) {
  const std::string excerpt =
      PrintableExcerpt("a\n[LISTENER] INFO  Terminating service\r\x1b[2J\x7f\xC2\x9B\x31m\xFF");
  for (const char byte : excerpt) EXPECT_TRUE(byte >= 0x20 && byte < 0x7f) << excerpt;
}

TEST(ExcerptTest, WhatIsInvisibleOrSteersTheTextIsShown) {
  // U+061C, 180E, 200B-200F, 2028-202E, 2060, 2066-2069, FEFF, FFF9, and a tag.
  for (const absl::string_view hidden :
       {"\xD8\x9C", "\xE1\xA0\x8E", "\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x80\x8D", "\xE2\x80\x8E",
        "\xE2\x80\x8F", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAA", "\xE2\x80\xAE",
        "\xE2\x81\xA0", "\xE2\x81\xA6", "\xE2\x81\xA9", "\xEF\xBB\xBF", "\xEF\xBF\xB9",
        "\xF3\xA0\x80\x80", "\xF3\xA0\x81\x81", "\xF3\xA0\x81\xBF"}) {
    const std::string excerpt = PrintableExcerpt(absl::StrCat("a", hidden, "b"));
    for (const char byte : excerpt) EXPECT_TRUE(byte >= 0x20 && byte < 0x7f) << excerpt;
  }
  EXPECT_EQ(PrintableExcerpt("caf\xC3\xA9 \xF0\x9F\x98\x80"), "caf\xC3\xA9 \xF0\x9F\x98\x80");
}

TEST(ExcerptTest, WhatIsEscapedCanBeToldFromWhatWasSent) {
  EXPECT_NE(PrintableExcerpt("\n"), PrintableExcerpt("\\n"));
  EXPECT_NE(PrintableExcerpt("\n"), PrintableExcerpt("\\x0a"));
}

}  // namespace
}  // namespace udsecho
