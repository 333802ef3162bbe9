// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/collection.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(collection.response().message(), "onetwo");
  EXPECT_EQ(collection.response().payload(), "\x01\xff\xfe");
  EXPECT_EQ(collection.response().count(), 3);
  EXPECT_EQ(collection.response().bytes(), 9);
}

TEST(CollectionTest, FixedReplyTakesThePlaceOfTheText) {
  Collection collection(20, "fixed");
  EXPECT_EQ(collection.response().message(), "fixed");
  for (int i = 0; i < 10; ++i) EXPECT_THAT(collection.Add(Request("not kept", "")), IsOk());
  EXPECT_EQ(collection.response().message(), "fixed");
  EXPECT_EQ(collection.response().bytes(), 80);
}

TEST(CollectionTest, MayBeAsLongAsTheLimitToTheByte) {
  // Tag, length, 90 bytes, the count's two bytes and the bytes' two.
  Collection fits(96, std::nullopt);
  EXPECT_THAT(fits.Add(Request(std::string(90, 'x'), "")), IsOk());
  EXPECT_EQ(fits.response().ByteSizeLong(), 96U);
  Collection does_not(95, std::nullopt);
  EXPECT_THAT(does_not.Add(Request(std::string(90, 'x'), "")),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace udsecho
