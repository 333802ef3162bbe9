// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/connection.h"

#include <gtest/gtest.h>

namespace rpc {
namespace {

std::shared_ptr<Connection> Make(std::uint64_t id, int fd) {
  return std::make_shared<Connection>(id, fd, uds::UniqueFd(), uds::PeerCredentials(), absl::Now(),
                                      absl::OkStatus(), 0, false);
}

TEST(ConnectionTableTest, FindsByGrpcsName) {
  ConnectionTable table;
  const auto connection = Make(1, 17);
  table.Insert(connection);
  EXPECT_EQ(table.Find("fd:17"), connection);
}

TEST(ConnectionTableTest, OtherNamesAreNobody) {
  ConnectionTable table;
  table.Insert(Make(1, 17));
  for (const char* name : {"", "fd:", "fd:18", "fd:17x", "unix:17", "17", "fd:99999999999"}) {
    EXPECT_EQ(table.Find(name), nullptr) << name;
  }
}

TEST(ConnectionTableTest, LateWordOfAnEndedConnectionLeavesItsSuccessor) {
  ConnectionTable table;
  const auto first = Make(1, 17);
  const auto second = Make(2, 17);
  table.Insert(first);
  table.Insert(second);
  table.Remove(*first);
  EXPECT_EQ(table.Find("fd:17"), second);
  table.Remove(*second);
  EXPECT_EQ(table.Find("fd:17"), nullptr);
  EXPECT_FALSE(table.Has(*second));
}

}  // namespace
}  // namespace rpc
