// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/collection.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace udsecho {
namespace {

using support::IsOk;
using support::StatusIs;

v1::EchoRequest Request(const std::string& message, const std::string& payload) {
  v1::EchoRequest request;
  request.set_message(message);
  request.set_payload(payload);
  return request;
}

TEST(CollectionTest, JoinsMessagesAndPayloads) {
  Collection collection(100, std::nullopt);
  EXPECT_THAT(collection.Add(Request("one", "\x01")), IsOk());
  EXPECT_THAT(collection.Add(Request("", "")), IsOk());
  EXPECT_THAT(collection.Add(Request("two", "\xff\xfe")), IsOk());
  EXPECT_EQ(collection.Response().message(), "onetwo");
  EXPECT_EQ(collection.Response().payload(), "\x01\xff\xfe");
  EXPECT_EQ(collection.Response().count(), 3);
  EXPECT_EQ(collection.Response().bytes(), 9);
}

TEST(CollectionTest, FixedReplyTakesThePlaceOfTheText) {
  Collection collection(20, "fixed");
  EXPECT_EQ(collection.Response().message(), "fixed");
  for (int i = 0; i < 10; ++i) EXPECT_THAT(collection.Add(Request("not kept", "")), IsOk());
  EXPECT_EQ(collection.Response().message(), "fixed");
  EXPECT_EQ(collection.Response().bytes(), 80);
}

TEST(CollectionTest, MayBeAsLongAsTheLimitToTheByte) {
  // Tag, length, 90 bytes, the count's two bytes and the bytes' two.
  Collection fits(96, std::nullopt);
  EXPECT_THAT(fits.Add(Request(std::string(90, 'x'), "")), IsOk());
  EXPECT_EQ(fits.Response().ByteSizeLong(), 96U);
  Collection does_not(95, std::nullopt);
  EXPECT_THAT(does_not.Add(Request(std::string(90, 'x'), "")),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

std::size_t Allocated() {
  const struct mallinfo2 all = mallinfo2();
  return all.uordblks + all.hblkhd;
}

// A call is charged for what it keeps, so that must be what this takes.
TEST(CollectionTest, TakesHardlyMoreThanItHolds) {
  for (const std::size_t piece : {std::size_t{100}, std::size_t{5000}, std::size_t{33'000}}) {
    const v1::EchoRequest request = Request(std::string(piece, 'm'), std::string(piece, 'p'));
    const std::size_t before = Allocated();
    Collection collection(16 << 20, std::nullopt);
    std::size_t held = 0;
    for (; held < (4 << 20) + 2 * piece; held += 2 * piece) {
      ASSERT_THAT(collection.Add(request), IsOk());
    }
    EXPECT_LT(Allocated() - before, held + held / 4) << piece;
  }
}

}  // namespace
}  // namespace udsecho
