// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/service.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "rpc/check.h"

namespace rpc {
namespace {

const google::protobuf::ServiceDescriptor* Find(absl::string_view full_name) {
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(std::string(full_name));
  RPC_CHECK(descriptor != nullptr,
            absl::StrCat("no .proto of this program declares the service ", full_name).c_str());
  return descriptor;
}

}  // namespace

Service::Service(absl::string_view full_name) : descriptor_(Find(full_name)) {}

Service::~Service() = default;

void Service::Add(absl::string_view name, Shape shape, const google::protobuf::Descriptor* request,
                  const google::protobuf::Descriptor* response, std::unique_ptr<Method> method) {
  const auto* declared = descriptor_->FindMethodByName(std::string(name));
  std::string path = absl::StrCat("/", full_name(), "/", name);
  const auto of = [&path](absl::string_view what) { return absl::StrCat(path, ": ", what); };
  RPC_CHECK(declared != nullptr, of("the .proto has no such method").c_str());
  const bool many_in = shape == Shape::kClientStream || shape == Shape::kBidi;
  const bool many_out = shape == Shape::kServerStream || shape == Shape::kBidi;
  RPC_CHECK(declared->client_streaming() == many_in && declared->server_streaming() == many_out,
            of("the handler takes a call of another shape than the .proto's").c_str());
  RPC_CHECK(declared->input_type() == request && declared->output_type() == response,
            of(absl::StrCat("the handler takes ", request->full_name(), " and gives ",
                            response->full_name(), ", and the .proto says otherwise"))
                .c_str());
  RPC_CHECK(std::none_of(methods_.begin(), methods_.end(),
                         [&](const Path& one) { return one.path == path; }),
            of("a method has two handlers").c_str());
  methods_.push_back({.path = std::move(path), .method = std::move(method)});
}

}  // namespace rpc
