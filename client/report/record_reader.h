// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Takes values out of an object of JSON that anybody may have written, and keeps the first thing that is
// wrong.
//
//   RecordReader reader(json, "");
//   const double calls = reader.Number("calls");
//   const RecordReader line = reader.Object("time_line");
//   if (!reader.error().empty()) ...
//
// Thread safety: none. Ownership: borrows the JSON; objects within borrow their reader's error.

#ifndef CLIENT_REPORT_RECORD_READER_H_
#define CLIENT_REPORT_RECORD_READER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace udsecho::client {

class RecordReader {
 public:
  using Json = nlohmann::ordered_json;

  // Sizes that no run of ours comes near to.
  static constexpr size_t kMostItems = 10'000;
  static constexpr size_t kLongestText = 1'000;
  static constexpr double kMostNumber = 1e15;

  explicit RecordReader(const Json& json)
      : RecordReader(json, "", std::make_shared<std::string>()) {}

  const std::string& error() const { return *error_; }
  void Fail(const std::string& what, const char* why);

  bool Has(const char* name) const;  // and is not null
  double Number(const char* name);
  bool Bool(const char* name);
  // Cut and made printable. Missing: empty, for older files and texts of people.
  std::string Text(const char* name);
  std::vector<std::string> Texts(const char* name);
  std::vector<double> Numbers(const char* name);
  std::vector<std::optional<double>> NumbersOrNulls(const char* name);
  RecordReader Object(const char* name);
  std::vector<RecordReader> Objects(const char* name);
  std::vector<std::string> Names() const;

 private:
  RecordReader(const Json& json, std::string path, std::shared_ptr<std::string> error)
      : json_(&json), path_(std::move(path)), error_(std::move(error)) {}
  const Json* Find(const char* name);
  const Json* FindArray(const char* name);

  const Json* json_;
  std::string path_;
  std::shared_ptr<std::string> error_;
};

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_RECORD_READER_H_
