// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A FileSource that says what a test wants it to say.
//
//   FakeFiles files;
//   files.Add(R"pb(name: "a.proto" package: "a" message_type { name: "M" })pb", {"a.M"});
//
// Thread safety: none.

#ifndef TESTS_CLIENT_FAKE_FILES_H_
#define TESTS_CLIENT_FAKE_FILES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/schema/file_source.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace udsecho::client {

class FakeFiles final : public FileSource {
 public:
  // A FileDescriptorProto as text, and the symbols for which it is the answer.
  void Add(const std::string& text, const std::vector<std::string>& symbols) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &file)) << text;
    Add(file, symbols);
  }
  void Add(const google::protobuf::FileDescriptorProto& file,
           const std::vector<std::string>& symbols) {
    by_name[file.name()] = {file.SerializeAsString()};
    for (const std::string& symbol : symbols) by_symbol[symbol] = by_name[file.name()];
  }

  absl::StatusOr<std::vector<std::string>> Services() override { return services; }
  absl::StatusOr<Files> FilesOf(const std::string& symbol) override {
    return Find(by_symbol, symbol);
  }
  absl::StatusOr<Files> FileNamed(const std::string& name) override { return Find(by_name, name); }

  std::vector<std::string> services;
  std::map<std::string, Files> by_name, by_symbol;
  int asked = 0;

 private:
  absl::StatusOr<Files> Find(const std::map<std::string, Files>& files, const std::string& key) {
    ++asked;
    const auto found = files.find(key);
    if (found == files.end()) return absl::NotFoundError("no such thing");
    return found->second;
  }
};

}  // namespace udsecho::client

#endif  // TESTS_CLIENT_FAKE_FILES_H_
