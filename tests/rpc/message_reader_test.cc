// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Messages, however their bytes come in.

#include "rpc/wire/message_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace rpc::wire {
namespace {

using support::IsOk;
using support::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kLimit = 1000;

std::string Prefix(std::size_t length, bool compressed = false) {
  std::string prefix(kPrefixBytes, '\0');
  WritePrefix(compressed, length, prefix.data());
  return prefix;
}

std::string Framed(absl::string_view bytes, bool compressed = false) {
  return absl::StrCat(Prefix(bytes.size(), compressed), bytes);
}

// Whose account is empty again once the reader has gone.
class MessageReaderTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kBudget = 16 << 20;

  ~MessageReaderTest() override { EXPECT_EQ(account_.held(), 0); }

  // What is whole.
  static std::vector<std::string> PopAll(MessageReader* reader) {
    std::vector<std::string> messages;
    while (reader->has_message()) {
      messages.push_back(
          absl::StrCat(reader->message().compressed ? "z:" : "", reader->message().bytes));
      EXPECT_THAT(reader->Pop(), IsOk());
    }
    return messages;
  }

  http2::MemoryBudget budget_{kBudget};
  http2::MemoryBudget::Holder holder_;
  http2::Account account_{&budget_, &holder_};
};

TEST_F(MessageReaderTest, ThePrefixIsAFlagAndALength) {
  EXPECT_EQ(Prefix(0x01020304), std::string("\0\1\2\3\4", 5));
  EXPECT_EQ(Prefix(0xfffffffe, true), std::string("\1\xff\xff\xff\xfe", 5));
}

TEST_F(MessageReaderTest, TakesMessagesOutOfAnySplitOfTheirBytes) {
  const std::string all = absl::StrCat(Framed("one"), Framed(""), Framed("packed", true),
                                       Framed(std::string(300, 'x')), Framed("last"));
  for (std::size_t step = 1; step <= all.size(); ++step) {
    MessageReader reader(&account_, kLimit);
    std::vector<std::string> messages;
    for (std::size_t at = 0; at < all.size(); at += step) {
      ASSERT_THAT(reader.Append(absl::string_view(all).substr(at, step)), IsOk());
      for (std::string& message : PopAll(&reader)) messages.push_back(std::move(message));
    }
    EXPECT_THAT(messages, ElementsAre("one", "", "z:packed", std::string(300, 'x'), "last"))
        << step;
    EXPECT_FALSE(reader.is_partial());
    EXPECT_EQ(reader.size(), 0U);
    EXPECT_EQ(account_.held(), 0) << "nothing is left";
  }
}

TEST_F(MessageReaderTest, KeepsWhatIsNotPopped) {
  const std::string all = absl::StrCat(Framed("one"), Framed("two"), Framed("three"));
  for (std::size_t first = 0; first <= all.size(); ++first) {
    MessageReader reader(&account_, kLimit);
    ASSERT_THAT(reader.Append(absl::string_view(all).substr(0, first)), IsOk());
    ASSERT_THAT(reader.Append(absl::string_view(all).substr(first)), IsOk());
    EXPECT_EQ(reader.size(), all.size());
    EXPECT_THAT(PopAll(&reader), ElementsAre("one", "two", "three")) << first;
  }
}

TEST_F(MessageReaderTest, AppendsBehindWhatIsLeftAfterAPop) {
  MessageReader reader(&account_, kLimit);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_THAT(reader.Append(absl::StrCat(Framed("a"), Framed("b"), Framed("c").substr(0, 5))),
                IsOk());
    EXPECT_THAT(PopAll(&reader), ElementsAre("a", "b"));
    EXPECT_TRUE(reader.is_partial());
    ASSERT_THAT(reader.Append("c"), IsOk());
    EXPECT_THAT(PopAll(&reader), ElementsAre("c"));
  }
}

TEST_F(MessageReaderTest, EachBeginningIsPartial) {
  const std::string whole = Framed("some bytes");
  MessageReader reader(&account_, kLimit);
  EXPECT_FALSE(reader.is_partial());
  for (std::size_t size = 1; size < whole.size(); ++size) {
    ASSERT_THAT(reader.Append(whole.substr(size - 1, 1)), IsOk());
    EXPECT_TRUE(reader.is_partial()) << size;
    EXPECT_FALSE(reader.has_message()) << size;
  }
  ASSERT_THAT(reader.Append(whole.substr(whole.size() - 1)), IsOk());
  EXPECT_FALSE(reader.is_partial());
  EXPECT_TRUE(reader.has_message());
}

TEST_F(MessageReaderTest, AFlagThatIsNeither0Nor1IsRefused) {
  for (const char flag : {'\2', '\x80', '\xff', '\x16'}) {
    MessageReader reader(&account_, kLimit);
    std::string bytes = Framed("x");
    bytes[0] = flag;
    EXPECT_THAT(reader.Append(bytes), StatusIs(absl::StatusCode::kInternal, HasSubstr("flag")));
    EXPECT_FALSE(reader.has_message());
  }
}

TEST_F(MessageReaderTest, TheLimitIsTheLongest) {
  MessageReader reader(&account_, kLimit);
  EXPECT_THAT(reader.Append(Framed(std::string(kLimit, 'x'))), IsOk());
  EXPECT_THAT(PopAll(&reader), ElementsAre(std::string(kLimit, 'x')));
  EXPECT_THAT(
      reader.Append(Prefix(kLimit + 1)),
      StatusIs(absl::StatusCode::kResourceExhausted, AllOf(HasSubstr("1001"), HasSubstr("1000"))))
      << "by its prefix, before it came";
  EXPECT_FALSE(reader.has_message());
}

TEST_F(MessageReaderTest, TheLongestLengthThereIsTakesNoMemory) {
  MessageReader reader(&account_, kLimit);
  EXPECT_THAT(reader.Append(Prefix(0xffffffff)), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_LT(account_.held(), 1024);
}

TEST_F(MessageReaderTest, WhatIsWrongBehindAMessageIsToldWithItsPop) {
  MessageReader reader(&account_, kLimit);
  EXPECT_THAT(reader.Append(absl::StrCat(Framed("good"), Prefix(kLimit + 1), "whatever")), IsOk());
  ASSERT_TRUE(reader.has_message());
  EXPECT_EQ(reader.message().bytes, "good");
  EXPECT_THAT(reader.Pop(), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_FALSE(reader.has_message());
}

TEST_F(MessageReaderTest, HasItsMessagesRoomAtOnceAndNoMore) {
  MessageReader reader(&account_, 1 << 20);
  ASSERT_THAT(reader.Append(Prefix(1 << 20)), IsOk());
  ASSERT_THAT(reader.Append("x"), IsOk());
  const std::int64_t held = account_.held();
  EXPECT_GE(held, 1 << 20);
  EXPECT_LT(held, (1 << 20) + 1024);
  for (int i = 1; i < 1 << 20; i += 1 << 10) {
    ASSERT_THAT(reader.Append(std::string(std::min(1 << 10, (1 << 20) - i), 'x')), IsOk());
  }
  EXPECT_EQ(account_.held(), held);
  EXPECT_TRUE(reader.has_message());
}

TEST_F(MessageReaderTest, WhatTheAccountMayNotHaveIsRefused) {
  {
    MessageReader reader(&account_, kBudget);
    ASSERT_THAT(reader.Append(Framed("small")), IsOk());
    EXPECT_THAT(PopAll(&reader), ElementsAre("small"));
    // Twelve of sixteen: three times what is left.
    ASSERT_THAT(reader.Append(Prefix(kBudget / 4 * 3)), IsOk());
    EXPECT_THAT(reader.Append("x"),
                StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("may have")));
    EXPECT_FALSE(reader.has_message());
  }
  EXPECT_EQ(account_.held(), 0);
}

TEST_F(MessageReaderTest, ManyThatAreNotTakenAreNotCopiedWithEachThatComes) {
  MessageReader reader(&account_, kLimit);
  const std::string framed = Framed("some bytes");
  int moves = 0;
  const char* before = nullptr;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_THAT(reader.Append(framed), IsOk());
    moves += reader.buffer().data() != before ? 1 : 0;
    before = reader.buffer().data();
  }
  EXPECT_LT(moves, 30);
  EXPECT_LT(account_.held(), static_cast<std::int64_t>(2 * reader.size() + 1024));
  EXPECT_EQ(PopAll(&reader).size(), 10'000U);
}

TEST_F(MessageReaderTest, ALongOneThatWasPoppedIsNotHeldForAByteBehindIt) {
  MessageReader reader(&account_, 4 << 20);
  ASSERT_THAT(reader.Append(absl::StrCat(Framed(std::string(4 << 20, 'x')), Framed("y"),
                                         Framed("z").substr(0, 3))),
              IsOk());
  EXPECT_GT(account_.held(), 4 << 20);
  EXPECT_THAT(reader.Pop(), IsOk());
  EXPECT_LT(account_.held(), 1024);
  EXPECT_THAT(PopAll(&reader), ElementsAre("y"));
  ASSERT_THAT(reader.Append(Framed("z").substr(3)), IsOk());
  EXPECT_THAT(PopAll(&reader), ElementsAre("z"));
}

// What is kept in order not to copy must not be more than what is there.
TEST_F(MessageReaderTest, HoldsAboutWhatItHas) {
  MessageReader reader(&account_, 1 << 20);
  const std::string framed = Framed(std::string(100'000, 'x'));
  std::string more;
  for (int i = 0; i < 5; ++i) absl::StrAppend(&more, framed);
  ASSERT_THAT(reader.Append(more), IsOk());
  EXPECT_LT(account_.held(), static_cast<std::int64_t>(more.size()) + 1024);
  EXPECT_EQ(PopAll(&reader).size(), 5U);
  EXPECT_EQ(account_.held(), 0);
}

}  // namespace
}  // namespace rpc::wire
