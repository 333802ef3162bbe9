// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/record_reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

std::string Printed(const std::string& text) {
  absl::string_view part = text;
  if (part.size() <= RecordReader::kLongestText) return uds::Printable(part);
  size_t end = RecordReader::kLongestText;
  while (end > 0 && (static_cast<unsigned char>(part[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(uds::Printable(part.substr(0, end)), "...");
}

bool IsNumber(const nlohmann::ordered_json& json) {
  return json.is_number() && json.get<double>() >= 0 &&
         json.get<double>() <= RecordReader::kMostNumber;
}

}  // namespace

void RecordReader::Fail(const std::string& what, const char* why) {
  if (error_->empty()) *error_ = absl::StrCat("\"", path_, what, "\" ", why);
}

bool RecordReader::Has(const char* name) const {
  return json_->is_object() && json_->contains(name) && !(*json_)[name].is_null();
}

const RecordReader::Json* RecordReader::Find(const char* name) {
  if (json_->is_object() && json_->contains(name)) return &(*json_)[name];
  Fail(name, "is missing");
  return nullptr;
}

const RecordReader::Json* RecordReader::FindArray(const char* name) {
  const Json* const json = Find(name);
  if (json == nullptr) return nullptr;
  if (json->is_array() && json->size() <= kMostItems) return json;
  Fail(name, json->is_array() ? "is longer than any run's" : "is no list");
  return nullptr;
}

double RecordReader::Number(const char* name) {
  const Json* const json = Find(name);
  if (json == nullptr) return 0;
  if (IsNumber(*json)) return json->get<double>();
  Fail(name, "is no number from 0 to 1e15");
  return 0;
}

bool RecordReader::Bool(const char* name) {
  const Json* const json = Find(name);
  if (json == nullptr) return false;
  if (json->is_boolean()) return json->get<bool>();
  Fail(name, "is neither true nor false");
  return false;
}

std::string RecordReader::Text(const char* name) {
  if (!Has(name)) return "";
  const Json& json = (*json_)[name];
  if (json.is_string()) return Printed(json.get<std::string>());
  Fail(name, "is no text");
  return "";
}

std::vector<std::string> RecordReader::Texts(const char* name) {
  std::vector<std::string> texts;
  const Json* const json = FindArray(name);
  if (json == nullptr) return texts;
  for (const Json& each : *json) {
    if (!each.is_string()) Fail(name, "has what is no text");
    if (each.is_string()) texts.push_back(Printed(each.get<std::string>()));
  }
  return texts;
}

std::vector<double> RecordReader::Numbers(const char* name) {
  std::vector<double> numbers;
  for (const std::optional<double>& number : NumbersOrNulls(name)) {
    if (!number.has_value()) Fail(name, "has what is no number");
    numbers.push_back(number.value_or(0));
  }
  return numbers;
}

std::vector<std::optional<double>> RecordReader::NumbersOrNulls(const char* name) {
  std::vector<std::optional<double>> numbers;
  const Json* const json = FindArray(name);
  if (json == nullptr) return numbers;
  for (const Json& each : *json) {
    if (!each.is_null() && !IsNumber(each)) Fail(name, "has what is no number from 0 to 1e15");
    numbers.push_back(IsNumber(each) ? std::optional<double>(each.get<double>()) : std::nullopt);
  }
  return numbers;
}

RecordReader RecordReader::Object(const char* name) {
  static const Json kNone = Json::object();
  const Json* json = Find(name);
  if (json != nullptr && !json->is_object()) Fail(name, "is no object");
  if (json == nullptr || !json->is_object()) json = &kNone;
  return {*json, absl::StrCat(path_, name, "."), error_};
}

std::vector<RecordReader> RecordReader::Objects(const char* name) {
  std::vector<RecordReader> objects;
  const Json* const json = FindArray(name);
  if (json == nullptr) return objects;
  for (const Json& each : *json) {
    if (!each.is_object()) Fail(name, "has what is no object");
    objects.push_back(RecordReader(each, absl::StrCat(path_, name, "."), error_));
  }
  return objects;
}

std::vector<std::string> RecordReader::Names() const {
  std::vector<std::string> names;
  if (!json_->is_object()) return names;
  for (const auto& [name, value] : json_->items()) {
    if (names.size() < 100) names.push_back(name);
  }
  return names;
}

}  // namespace udsecho::client
