// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/endpoint.h"

#include <algorithm>
#include <utility>

#include "rpc/check.h"

namespace rpc {

Endpoint::Endpoint(EndpointOptions options, int index)
    : options_(std::move(options)), index_(index) {
  Add(&health_);
  Add(&reflection_);
  Add(&reflection_alpha_);
  health_.Set("", Health::Response::SERVING);
}

void Endpoint::Add(Service* service) {
  RPC_CHECK(std::find(names_.begin(), names_.end(), service->full_name()) == names_.end(),
            "two services of the same name at one socket");
  services_.push_back(service);
  names_.push_back(service->full_name());
  for (const Service::Path& one : service->methods()) methods_[one.path] = one.method.get();
  health_.Set(service->full_name(), Health::Response::SERVING);
}

}  // namespace rpc
