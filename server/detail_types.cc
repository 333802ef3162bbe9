// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/detail_types.h"

#include "google/protobuf/duration.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace udsecho {

std::vector<const google::protobuf::FileDescriptor*> DetailTypes() {
  return {google::rpc::RetryInfo::descriptor()->file(),
          google::rpc::Status::descriptor()->file(),
          google::protobuf::Duration::descriptor()->file(),
          google::protobuf::Empty::descriptor()->file(),
          google::protobuf::FieldMask::descriptor()->file(),
          google::protobuf::Struct::descriptor()->file(),
          google::protobuf::Timestamp::descriptor()->file(),
          google::protobuf::StringValue::descriptor()->file()};
}

}  // namespace udsecho
