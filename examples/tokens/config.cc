// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "config.h"

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "file.h"
#include "nlohmann/json.hpp"

namespace tokens {
namespace {

using nlohmann::json;

// Reads the members of an object, and keeps the first thing that is wrong with them.
class Reader {
 public:
  Reader(const json& object, std::string where, std::initializer_list<absl::string_view> known)
      : object_(object), where_(std::move(where)) {
    if (!object.is_object()) {
      Refuse("", "the value is not an object; write {...}");
      return;
    }
    for (const auto& [name, value] : object.items()) {
      if (!absl::c_linear_search(known, name)) Refuse(name, "is not known; remove it");
    }
  }

  std::string Text(const std::string& name) {
    const json* const value = Find(name);
    std::string text = value != nullptr && value->is_string() ? value->get<std::string>() : "";
    if (text.empty()) Refuse(name, "is missing, or not a text; write one, such as \"db\"");
    return text;
  }

  std::int64_t Number(const std::string& name, std::int64_t least, std::int64_t most) {
    const json* const value = Find(name);
    if (value != nullptr && IsWithin(*value, least, most)) return value->get<std::int64_t>();
    Refuse(name, absl::StrCat("is missing, or not a number from ", least, " to ", most));
    return least;
  }

  // Uids or gids. None if there is no such member.
  template <class Id>
  std::vector<Id> Ids(const std::string& name) {
    std::vector<Id> ids;
    const json* const value = Find(name);
    if (value == nullptr) return ids;
    if (!value->is_array()) {
      Refuse(name, "is not a list; write [1000]");
      return ids;
    }
    for (const json& each : *value) {
      // 65534 is what the kernel tells of every id that this user namespace does not have.
      if (!IsWithin(each, 0, 0xFFFFFFFE) || each == 65534) {
        Refuse(name,
               "has something that is no id, or 65534, which is nobody's; write the number "
               "that `id` prints");
        return ids;
      }
      ids.push_back(each.get<Id>());
    }
    return ids;
  }

  const json& List(const std::string& name) {
    static const json kNone = json::array();
    const json* const value = Find(name);
    if (value != nullptr && value->is_array()) return *value;
    Refuse(name, "is missing, or not a list; write [...]");
    return kNone;
  }

  const absl::Status& status() const { return status_; }

 private:
  static bool IsWithin(const json& value, std::int64_t least, std::int64_t most) {
    if (!value.is_number_unsigned()) return false;
    const auto number = value.get<std::uint64_t>();
    return number >= static_cast<std::uint64_t>(least) &&
           number <= static_cast<std::uint64_t>(most);
  }

  const json* Find(const std::string& name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  void Refuse(const std::string& name, absl::string_view why) {
    if (!status_.ok()) return;
    const std::string member = name.empty() ? "" : absl::StrCat("\"", name, "\" ");
    status_ = absl::InvalidArgumentError(absl::StrCat(where_, member, why));
  }

  const json& object_;
  const std::string where_;
  absl::Status status_;
};

absl::StatusOr<Policy> ParseRules(const json& list) {
  std::vector<Policy::Rule> rules;
  for (const json& each : list) {
    Reader rule(each, absl::StrCat("rule ", rules.size() + 1, ": "), {"audience", "uids", "gids"});
    rules.push_back({.audience = rule.Text("audience"),
                     .uids = rule.Ids<uid_t>("uids"),
                     .gids = rule.Ids<gid_t>("gids")});
    if (!rule.status().ok()) return rule.status();
  }
  return Policy(std::move(rules));
}

}  // namespace

absl::StatusOr<Config> ParseConfig(absl::string_view text) {
  json parsed;
  try {
    parsed = json::parse(text, nullptr, /*allow_exceptions=*/true, /*ignore_comments=*/true);
  } catch (const json::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrCat("is not JSON: ", error.what()));
  }
  Reader reader(parsed, "",
                {"public_socket", "admin_socket", "key_file", "lifetime_seconds", "rules"});
  Config config;
  config.public_socket = reader.Text("public_socket");
  config.admin_socket = reader.Text("admin_socket");
  config.key_file = reader.Text("key_file");
  config.lifetime = absl::Seconds(reader.Number("lifetime_seconds", 10, 24 * 60 * 60));
  absl::StatusOr<Policy> policy = ParseRules(reader.List("rules"));
  if (!reader.status().ok()) return reader.status();
  if (!policy.ok()) return policy.status();
  config.policy = *std::move(policy);
  return config;
}

absl::StatusOr<Config> ReadConfig(const std::string& path) {
  absl::StatusOr<std::string> text = ReadSmallFile(path, Secrecy::kNone);
  if (!text.ok()) return text.status();
  absl::StatusOr<Config> config = ParseConfig(*text);
  if (config.ok()) return config;
  return absl::Status(config.status().code(), absl::StrCat(path, ": ", config.status().message()));
}

}  // namespace tokens
