// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Text in columns, and how its cells are written.
//
//   Table table({"uid", "user"}, style);
//   table.Add({"0", "root"});
//   Print(table.Text());
//
// What comes from elsewhere must be made printable before (uds::Printable).
//
// Thread safety: none.

#ifndef CLIENT_ASK_TABLE_H_
#define CLIENT_ASK_TABLE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "client/style.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace udsecho::client {

class Table {
 public:
  // Without `titles`: no heading, and the first column stands for one.
  Table(std::vector<std::string> titles, Style style);

  void Add(std::vector<std::string> cells);

  // Without the last line feed.
  std::string Text() const;

 private:
  const Style style_;
  const bool has_titles_;
  std::vector<std::vector<std::string>> rows_;
};

// "4.2 MB", "812 B".
std::string BytesText(uint64_t bytes);

// "2026-01-31 12:00:00", local time.
std::string TimeText(const google::protobuf::Timestamp& time);

// "1m30s"
std::string DurationText(const google::protobuf::Duration& duration);

}  // namespace udsecho::client

#endif  // CLIENT_ASK_TABLE_H_
