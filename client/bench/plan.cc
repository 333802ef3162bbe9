// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/plan.h"

namespace udsecho::client {
namespace {

const char* MethodOf(Shape shape) {
  switch (shape) {
    case Shape::kExpand:
      return "/udsecho.v1.Echo/Expand";
    case Shape::kCollect:
      return "/udsecho.v1.Echo/Collect";
    case Shape::kChat:
      return "/udsecho.v1.Echo/Chat";
    case Shape::kUnary:
      break;
  }
  return "/udsecho.v1.Echo/Echo";
}

}  // namespace

Plan MakePlan(const Target& target, const Options& options, const Requests& requests) {
  Plan plan{.target = target,
            .call = options.call,
            .bench = options.bench,
            .method = "",
            .requests = {},
            .count = options.count};
  plan.shape = options.shape.value_or(Shape::kUnary);
  plan.method = MethodOf(plan.shape);
  const bool streams = plan.shape == Shape::kExpand || plan.shape == Shape::kCollect;
  plan.delay = options.request.delay;
  plan.messages = streams ? options.bench.stream_length : 1;

  std::string message;
  if (!options.messages.empty()) {
    message = options.messages[0];
  } else if (options.request.payload.empty() && options.request.payload_file.empty()) {
    message.assign(options.bench.size, 'x');
  }
  if (plan.shape == Shape::kExpand) {
    v1::ExpandRequest request;
    requests.FillExpand(message, &request);
    request.set_count(plan.messages);
    request.clear_interval();
    plan.requests = {request.SerializeAsString()};
    plan.request_size = static_cast<int64_t>(message.size() + request.payload().size());
  } else {
    v1::EchoRequest request;
    requests.FillEcho(message, &request);
    plan.requests = {request.SerializeAsString()};
    plan.request_size = static_cast<int64_t>(message.size() + request.payload().size());
  }
  return plan;
}

}  // namespace udsecho::client
