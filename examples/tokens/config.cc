// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "config.h"

#include <sys/types.h>

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "accounts.h"
#include "file.h"
#include "json_reader.h"
#include "nlohmann/json.hpp"

namespace tokens {
namespace {

using nlohmann::json;

// The ids of a rule: those that are there as numbers, and those of the names.
template <class LookUp>
std::vector<id_t> IdsAndNames(JsonReader& rule, const std::string& ids_member,
                              const std::string& names_member, LookUp look_up) {
  std::vector<id_t> ids = rule.Ids(ids_member);
  for (const std::string& name : rule.Texts(names_member)) {
    const absl::StatusOr<id_t> id = look_up(name);
    if (id.ok()) {
      ids.push_back(*id);
    } else {
      rule.Refuse(names_member, absl::StrCat("is wrong: ", id.status().message()));
    }
  }
  return ids;
}

absl::StatusOr<Policy> ParseRules(const json& list) {
  std::vector<Policy::Rule> rules;
  for (const json& each : list) {
    JsonReader rule(each, absl::StrCat("rule ", rules.size() + 1, ": "),
                    {"audience", "uids", "gids", "users", "groups"});
    rules.push_back({.audience = rule.Text("audience"),
                     .uids = IdsAndNames(rule, "uids", "users", LookUpUser),
                     .gids = IdsAndNames(rule, "gids", "groups", LookUpGroup)});
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
  JsonReader reader(parsed, "",
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
