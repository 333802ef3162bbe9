// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/message_types.h"

#include "google/rpc/error_details.pb.h"

namespace udsecho::client {

const google::protobuf::Descriptor* MessageTypes::FindStandard(const std::string& name) {
  const google::protobuf::FileDescriptor& file = *google::rpc::ErrorInfo::descriptor()->file();
  const google::protobuf::Descriptor* const found = file.pool()->FindMessageTypeByName(name);
  return found != nullptr && found->file() == &file ? found : nullptr;
}

}  // namespace udsecho::client
