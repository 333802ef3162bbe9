// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "json_reader.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "accounts.h"

namespace tokens {
namespace {

using nlohmann::json;

bool IsWithin(const json& value, std::int64_t least, std::int64_t most) {
  if (!value.is_number_unsigned()) return false;
  const auto number = value.get<std::uint64_t>();
  return number >= static_cast<std::uint64_t>(least) && number <= static_cast<std::uint64_t>(most);
}

const json& NoElements() {
  static const json kNone = json::array();
  return kNone;
}

}  // namespace

JsonReader::JsonReader(const json& object, std::string where,
                       std::initializer_list<absl::string_view> known)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object()) {
    Refuse("", "the value is not an object; write {...}");
    return;
  }
  for (const auto& [name, value] : object.items()) {
    if (!absl::c_linear_search(known, name)) Refuse(name, "is not known; remove it");
  }
}

std::string JsonReader::Text(const std::string& name) {
  const json* const value = Find(name);
  std::string text = value != nullptr && value->is_string() ? value->get<std::string>() : "";
  if (text.empty()) Refuse(name, "is missing, or not a text; write one, such as \"db\"");
  return text;
}

std::int64_t JsonReader::Number(const std::string& name, std::int64_t least, std::int64_t most) {
  const json* const value = Find(name);
  if (value != nullptr && IsWithin(*value, least, most)) return value->get<std::int64_t>();
  Refuse(name, absl::StrCat("is missing, or not a number from ", least, " to ", most));
  return least;
}

const json& JsonReader::List(const std::string& name) {
  const json* const value = Find(name);
  if (value != nullptr && value->is_array()) return *value;
  Refuse(name, "is missing, or not a list; write [...]");
  return NoElements();
}

std::vector<id_t> JsonReader::Ids(const std::string& name) {
  std::vector<id_t> ids;
  for (const json& each : ListIfAny(name, "[1000]")) {
    if (!IsWithin(each, 0, 0xFFFFFFFE) || each == kOverflowId) {
      Refuse(name,
             "has something that is no id, or 65534, which is nobody's; write the number "
             "that `id` prints");
      break;
    }
    ids.push_back(each.get<id_t>());
  }
  return ids;
}

std::vector<std::string> JsonReader::Texts(const std::string& name) {
  std::vector<std::string> texts;
  for (const json& each : ListIfAny(name, "[\"ada\"]")) {
    if (!each.is_string()) {
      Refuse(name, "has something that is not a name; write names, such as \"ada\"");
      break;
    }
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

void JsonReader::Refuse(const std::string& name, absl::string_view why) {
  if (!status_.ok()) return;
  const std::string member = name.empty() ? "" : absl::StrCat("\"", name, "\" ");
  status_ = absl::InvalidArgumentError(absl::StrCat(where_, member, why));
}

const json* JsonReader::Find(const std::string& name) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

const json& JsonReader::ListIfAny(const std::string& name, absl::string_view example) {
  const json* const value = Find(name);
  if (value == nullptr) return NoElements();
  if (value->is_array()) return *value;
  Refuse(name, absl::StrCat("is not a list; write ", example));
  return NoElements();
}

}  // namespace tokens
