// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/expansion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace udsecho {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Messages(const v1::ExpandRequest& request,
                                  const std::optional<std::string>& fixed_reply = std::nullopt) {
  Expansion expansion(request, fixed_reply);
  std::vector<std::string> messages;
  while (const v1::EchoResponse* response = expansion.Next()) {
    EXPECT_EQ(response->payload(), request.payload());
    messages.push_back(response->message());
    EXPECT_EQ(expansion.count(), static_cast<int64_t>(messages.size()));
  }
  return messages;
}

v1::ExpandRequest Request(const std::string& message) {
  v1::ExpandRequest request;
  request.set_message(message);
  request.set_payload("\xff");
  return request;
}

v1::ExpandRequest Request(const std::string& message, int count) {
  v1::ExpandRequest request = Request(message);
  request.set_count(count);
  return request;
}

TEST(ExpansionTest, TheSameMessageSoManyTimes) {
  EXPECT_THAT(Messages(Request("a b", 3)), ElementsAre("a b", "a b", "a b"));
  EXPECT_THAT(Messages(Request("", 1)), ElementsAre(""));
  EXPECT_THAT(Messages(Request("a b", 0)), IsEmpty());
}

TEST(ExpansionTest, WordsArePartedBySpacesTabsAndLineEnds) {
  EXPECT_THAT(Messages(Request("one two")), ElementsAre("one", "two"));
  EXPECT_THAT(Messages(Request("  \tgrüß  dich\r\n\nwelt \t")),
              ElementsAre("grüß", "dich", "welt"));
  EXPECT_THAT(Messages(Request("no\vother\fspace\u00a0parts")),
              ElementsAre("no\vother\fspace\u00a0parts"));
  EXPECT_THAT(Messages(Request("")), IsEmpty());
  EXPECT_THAT(Messages(Request(" \n")), IsEmpty());
}

TEST(ExpansionTest, FixedReplyTakesThePlaceOfEachText) {
  EXPECT_THAT(Messages(Request("one two"), "fixed text"), ElementsAre("fixed text", "fixed text"));
  EXPECT_THAT(Messages(Request("x", 1), "fixed"), ElementsAre("fixed"));
}

TEST(ExpansionTest, AFaultEndsItEarly) {
  v1::ExpandRequest request = Request("one two three");
  request.mutable_fault()->set_after_messages(2);
  EXPECT_THAT(Messages(request), ElementsAre("one", "two"));
  request.mutable_fault()->set_after_messages(4);
  EXPECT_THAT(Messages(request), ElementsAre("one", "two", "three"));
  request.mutable_fault()->set_after_messages(0);
  EXPECT_THAT(Messages(request), IsEmpty());
  request.set_count(5);
  request.mutable_fault()->set_after_messages(1);
  EXPECT_THAT(Messages(request), ElementsAre("one two three"));
}

}  // namespace
}  // namespace udsecho
