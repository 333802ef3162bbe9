// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/header_list.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace http2 {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs All(const HeaderList& list) {
  Pairs all;
  for (const Header& header : list) all.emplace_back(header.name, header.value);
  return all;
}

TEST(HeaderListTest, KeepsTheOrderAndTheDoubles) {
  HeaderList list;
  EXPECT_EQ(All(list), Pairs());
  list.Add(":path", "/");
  list.Add("b", "");
  list.Add("", "no name");
  list.Add("b", "again");
  EXPECT_EQ(All(list), (Pairs{{":path", "/"}, {"b", ""}, {"", "no name"}, {"b", "again"}}));
  EXPECT_EQ(list.size(), 4);
}

TEST(HeaderListTest, HoldsMany) {
  HeaderList list;
  Pairs expected;
  for (int i = 0; i < 1000; ++i) {
    expected.emplace_back(absl::StrCat("name-", i), std::string(static_cast<std::size_t>(i), 'v'));
    list.Add(expected.back().first, expected.back().second);
  }
  EXPECT_EQ(All(list), expected);
  const HeaderList moved = std::move(list);
  EXPECT_EQ(All(moved), expected);
}

}  // namespace
}  // namespace http2
