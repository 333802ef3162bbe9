// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/client/echo_protoset.h"

#include "google/protobuf/descriptor.pb.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho::client {
namespace {

// After what it imports.
void Add(const google::protobuf::FileDescriptor& file, google::protobuf::FileDescriptorSet* set) {
  for (int i = 0; i < file.dependency_count(); ++i) Add(*file.dependency(i), set);
  file.CopyTo(set->add_file());
}

}  // namespace

std::string EchoProtoset() {
  google::protobuf::FileDescriptorSet set;
  Add(*v1::EchoRequest::descriptor()->file(), &set);
  return set.SerializeAsString();
}

}  // namespace udsecho::client
