// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/printable.h"

#include <gtest/gtest.h>

namespace uds {
namespace {

TEST(PrintableTest, KeepsPlainTextAndOtherAlphabets) {
  EXPECT_EQ(Printable("/tmp/a b'\"~"), "/tmp/a b'\"~");
  EXPECT_EQ(Printable("/home/José/王/😀"), "/home/José/王/😀");
  EXPECT_EQ(Printable(""), "");
}

TEST(PrintableTest, EscapesWhatForgesLinesOrMovesTheCursor) {
  EXPECT_EQ(Printable("a\nb\r\x1b[2J\x7f"), "a\\x0ab\\x0d\\x1b[2J\\x7f");
  EXPECT_EQ(Printable(absl::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(Printable("\xc2\x9b[2J"), "\\xc2\\x9b[2J");             // CSI as one character
  EXPECT_EQ(Printable("a\xe2\x80\xaetxt"), "a\\xe2\\x80\\xaetxt");  // right-to-left override
  EXPECT_EQ(Printable("a\xe2\x80\xa8z"), "a\\xe2\\x80\\xa8z");      // line separator
}

TEST(PrintableTest, AnEscapeCannotBeForged) { EXPECT_EQ(Printable("\\x0a"), "\\x5cx0a"); }

TEST(PrintableTest, EscapesWhatIsNoUtf8) {
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(Printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");           // overlong
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // half a UTF-16 pair
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
  EXPECT_EQ(Printable("\xe7\x8e"), "\\xe7\\x8e");                    // cut off
  EXPECT_EQ(Printable("\xe7zz"), "\\xe7zz");
}

}  // namespace
}  // namespace uds
