// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/protoset_source.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/io/zero_copy_stream_impl.h"
#include "uds/printable.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

class ProtosetSource final : public FileSource {
 public:
  absl::Status Read(const std::string& path);

  absl::StatusOr<std::vector<std::string>> Services() override { return services_; }
  absl::StatusOr<Files> FilesOf(const std::string& symbol) override {
    pb::FileDescriptorProto file;
    return Found(database_.FindFileContainingSymbol(symbol, &file), file, symbol);
  }
  absl::StatusOr<Files> FileNamed(const std::string& name) override {
    pb::FileDescriptorProto file;
    return Found(database_.FindFileByName(name, &file), file, name);
  }

 private:
  static absl::StatusOr<Files> Found(bool found, const pb::FileDescriptorProto& file,
                                     const std::string& what) {
    if (found) return Files{file.SerializeAsString()};
    return absl::NotFoundError(absl::StrCat(uds::Printable(what), " is in no --protoset"));
  }
  bool Add(const pb::FileDescriptorProto& file);

  pb::SimpleDescriptorDatabase database_;
  std::vector<std::string> services_;
};

absl::Status ProtosetSource::Read(const std::string& path) {
  const std::string shown = absl::StrCat("--protoset: ", uds::Printable(path));
  const uds::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat(shown, ": cannot open it"));
  pb::io::FileInputStream input(fd.get());
  pb::FileDescriptorSet set;
  const bool parsed = set.ParseFromZeroCopyStream(&input);
  if (input.GetErrno() != 0) {
    return absl::ErrnoToStatus(input.GetErrno(), absl::StrCat(shown, ": cannot read it"));
  }
  if (!parsed || set.file_size() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(shown,
                     " is no descriptor set: make one with protoc --descriptor_set_out=FILE"
                     " --include_imports"));
  }
  for (const pb::FileDescriptorProto& file : set.file()) {
    if (Add(file)) continue;
    return absl::InvalidArgumentError(absl::StrCat(shown, ": ", uds::Printable(file.name()),
                                                   " declares a name for the second time"));
  }
  std::sort(services_.begin(), services_.end());
  return absl::OkStatus();
}

bool ProtosetSource::Add(const pb::FileDescriptorProto& file) {
  pb::FileDescriptorProto known;
  // Several sets may have the same file.
  if (database_.FindFileByName(file.name(), &known)) return true;
  if (!database_.Add(file)) return false;
  for (const pb::ServiceDescriptorProto& service : file.service()) {
    services_.push_back(file.package().empty() ? service.name()
                                               : absl::StrCat(file.package(), ".", service.name()));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileSource>> ReadProtosets(const std::vector<std::string>& paths) {
  auto source = std::make_unique<ProtosetSource>();
  for (const std::string& path : paths) {
    if (absl::Status status = source->Read(path); !status.ok()) return status;
  }
  return source;
}

}  // namespace udsecho::client
