// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Reads the members of a JSON object, and keeps the first thing that is wrong with them.
//
//   JsonReader rule(object, "rule 1: ", {"audience", "uids"});
//   const std::string audience = rule.Text("audience");
//   if (!rule.status().ok()) return rule.status();   // rule 1: "audience" is missing, ...
//
// After a mistake the members have values that are of no use. Thread safety: none. Ownership: borrows
// the object.

#ifndef TOKENS_JSON_READER_H_
#define TOKENS_JSON_READER_H_

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace tokens {

class JsonReader {
 public:
  // A member that is not `known` is a mistake. `where` begins each message.
  JsonReader(const nlohmann::json& object, std::string where,
             std::initializer_list<absl::string_view> known);

  std::string Text(const std::string& name);
  std::int64_t Number(const std::string& name, std::int64_t least, std::int64_t most);
  const nlohmann::json& List(const std::string& name);

  // Lists that may be missing, and are empty then: of uids or gids, and of texts.
  std::vector<id_t> Ids(const std::string& name);
  std::vector<std::string> Texts(const std::string& name);

  // For what else is wrong with a member.
  void Refuse(const std::string& name, absl::string_view why);

  const absl::Status& status() const { return status_; }

 private:
  const nlohmann::json* Find(const std::string& name) const;
  const nlohmann::json& ListIfAny(const std::string& name, absl::string_view example);

  const nlohmann::json& object_;
  const std::string where_;
  absl::Status status_;
};

}  // namespace tokens

#endif  // TOKENS_JSON_READER_H_
