// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/service.h"

#include <grpc/support/log.h>

#include "absl/strings/str_cat.h"

namespace rpc {
namespace {

const google::protobuf::ServiceDescriptor* Find(absl::string_view full_name) {
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(std::string(full_name));
  GPR_ASSERT(descriptor != nullptr && "no .proto of this program declares the service");
  return descriptor;
}

}  // namespace

Service::Service(absl::string_view full_name) : descriptor_(Find(full_name)) {
  paths_.reserve(descriptor_->method_count());  // so that no path ever moves
}

Service::~Service() = default;

int Service::Declare(absl::string_view method, Shape shape,
                     const google::protobuf::Descriptor* request,
                     const google::protobuf::Descriptor* response) {
  const auto* declared = descriptor_->FindMethodByName(std::string(method));
  GPR_ASSERT(declared != nullptr && "the .proto has no such method");
  const bool many_in = shape == Shape::CLIENT_STREAMING || shape == Shape::BIDI_STREAMING;
  const bool many_out = shape == Shape::SERVER_STREAMING || shape == Shape::BIDI_STREAMING;
  GPR_ASSERT(declared->client_streaming() == many_in && declared->server_streaming() == many_out &&
             "the handler takes a call of another shape than the .proto's");
  GPR_ASSERT(declared->input_type() == request && declared->output_type() == response &&
             "the handler takes other messages than the .proto's");
  GPR_ASSERT(paths_.size() < paths_.capacity() && "a method has two handlers");

  paths_.push_back(absl::StrCat("/", full_name(), "/", method));
  return static_cast<int>(paths_.size()) - 1;
}

}  // namespace rpc
