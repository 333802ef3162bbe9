// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/utf8.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace udsecho::cli {
namespace {

constexpr size_t kNone = absl::string_view::npos;

TEST(Utf8Test, TakesTheFirstAndLastOfEachLength) {
  for (const absl::string_view good :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(FindInvalidUtf8(good), kNone) << absl::StrCat("of ", good.size(), " bytes: ", good);
  }
  EXPECT_EQ(FindInvalidUtf8(absl::string_view("\0", 1)), kNone);
}

TEST(Utf8Test, RefusesWhatIsNone) {
  for (const absl::string_view bad : {"\x80",
                                      "\xBF",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xE0\x80\x80",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xF0\x80\x80\x80",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xF8\x88\x80\x80\x80",
                                      "\xFE",
                                      "\xFF",
                                      "\xC2",
                                      "\xE2\x82",
                                      "\xF0\x9F\x98",
                                      "\xC2z",
                                      "\xE2\x82z",
                                      "\xF0\x9F\x98z"}) {
    EXPECT_EQ(FindInvalidUtf8(bad), 0u) << absl::StrCat("of ", bad.size(), " bytes: ", bad);
  }
}

TEST(Utf8Test, FindsThePlaceWhereverItIs) {
  for (size_t before = 0; before < 40; ++before) {
    for (size_t after = 0; after < 20; ++after) {
      const std::string text = std::string(before, 'a') + "\xFF" + std::string(after, 'b');
      EXPECT_EQ(FindInvalidUtf8(text), before);
    }
  }
}

TEST(Utf8Test, AsciiAndOthersMix) {
  std::string text;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&text, std::string(i % 11, 'a'), "\xE2\x82\xAC");
  EXPECT_EQ(FindInvalidUtf8(text), kNone);
  EXPECT_EQ(FindInvalidUtf8(text + "\xE2\x82"), text.size());
}

}  // namespace
}  // namespace udsecho::cli
