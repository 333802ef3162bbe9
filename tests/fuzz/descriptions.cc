// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a server says of itself, and its replies: files are linked, looked up and described, and what they
// declare is made JSON of and back.
//
// The input: a byte, and what is asked for; then files, each two bytes of length and a FileDescriptorProto;
// after one of length 0 a reply.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "client/schema/describe.h"
#include "client/schema/json_codec.h"
#include "client/schema/json_template.h"
#include "client/schema/method_lookup.h"
#include "client/schema/service_list.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/printable.h"

namespace udsecho::fuzz {
namespace {

// Of texts that are not UTF-8.
[[maybe_unused]] const auto kQuiet = google::protobuf::SetLogHandler(nullptr);

// All of its files to each question about a symbol, one after the other to those about a name.
class Files final : public client::FileSource {
 public:
  explicit Files(std::vector<std::string> files) : files_(std::move(files)) {
    for (const std::string& bytes : files_) {
      google::protobuf::FileDescriptorProto file;
      if (!file.ParseFromString(bytes)) continue;
      const std::string prefix = file.package().empty() ? "" : file.package() + ".";
      for (const auto& service : file.service()) services_.push_back(prefix + service.name());
    }
  }
  absl::StatusOr<std::vector<std::string>> Services() override { return services_; }
  absl::StatusOr<client::FileSource::Files> FilesOf(const std::string&) override { return files_; }
  absl::StatusOr<client::FileSource::Files> FileNamed(const std::string&) override {
    if (next_ == files_.size()) return absl::NotFoundError("");
    return client::FileSource::Files{files_[next_++]};
  }

 private:
  const std::vector<std::string> files_;
  std::vector<std::string> services_;
  std::size_t next_ = 0;
};

void CheckLines(absl::string_view text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    EXPECT_TRUE(IsPrintableLine(line)) << line;
  }
}

void CheckDescription(const std::string& name, client::Schema* schema) {
  const absl::StatusOr<std::string> text = client::Describe(name, schema);
  CheckLines(text.ok() ? *text : std::string(text.status().message()));
}

void Convert(const google::protobuf::Descriptor& type, const std::string& reply,
             client::Schema* schema) {
  client::JsonCodec codec(schema);
  const auto decoded = codec.Decode(type, reply);
  if (!decoded.ok()) return;
  EXPECT_EQ(decoded->json.find('\n'), std::string::npos);
  for (const std::string& what : decoded->unknown) EXPECT_TRUE(IsPrintableLine(what)) << what;
  codec.Encode(type, decoded->json).IgnoreError();
  codec.Encode(type, client::JsonTemplate(type)).IgnoreError();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const std::string name = in.Text();
  std::vector<std::string> files;
  while (const std::uint32_t length = in.Number(2)) {
    const absl::string_view file = in.Bytes(length);
    files.emplace_back(file.data(), file.size());
  }
  const absl::string_view rest = in.Rest();
  const std::string reply(rest.data(), rest.size());

  Files listed(files);
  client::ListServices(&listed).status().IgnoreError();
  client::Schema schema(std::make_unique<Files>(std::move(files)));
  CheckDescription(name, &schema);
  CheckDescription("", &schema);
  if (const auto method = client::FindMethod(name, &schema); method.ok()) {
    Convert(*(*method)->input_type(), reply, &schema);
    Convert(*(*method)->output_type(), reply, &schema);
  }
  if (const auto type = schema.Message(name); type.ok()) Convert(**type, reply, &schema);
  return 0;
}

}  // namespace udsecho::fuzz
