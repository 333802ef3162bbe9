// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/echo_plan.h"

#include <utility>

#include "client/requests.h"

namespace udsecho::client {
namespace {

// Unless --stream_length says otherwise.
constexpr int kStreamLength = 8;

void TakeShape(Shape shape, Plan* plan) {
  switch (shape) {
    case Shape::kUnary:
      plan->shape = "unary";
      plan->method = "/udsecho.v1.Echo/Echo";
      break;
    case Shape::kExpand:
      plan->shape = "expand";
      plan->method = "/udsecho.v1.Echo/Expand";
      plan->streams_replies = true;
      break;
    case Shape::kCollect:
      plan->shape = "collect";
      plan->method = "/udsecho.v1.Echo/Collect";
      plan->streams_requests = true;
      break;
    case Shape::kChat:
      plan->shape = "chat";
      plan->method = "/udsecho.v1.Echo/Chat";
      plan->streams_requests = plan->streams_replies = plan->round_trips = true;
      break;
  }
  plan->name = plan->shape;
}

template <class Request>
void Take(const Request& request, Plan* plan) {
  plan->request_size = static_cast<int64_t>(request.message().size() + request.payload().size());
  plan->requests = {request.SerializeAsString()};
}

}  // namespace

Outcome PlanEcho(const Options& options, int in, Plan* plan) {
  const absl::StatusOr<Requests> requests = Requests::Make(options, in);
  if (!requests.ok()) return LocalIoError(requests.status().message());
  const Shape shape = options.shape.value_or(Shape::kUnary);
  TakeShape(shape, plan);
  plan->delay = options.request.delay;
  const bool streams = shape == Shape::kExpand || shape == Shape::kCollect;
  if (streams) plan->messages = options.bench.stream_length.value_or(kStreamLength);

  std::string message;
  if (!options.messages.empty()) {
    message = options.messages[0];
  } else if (options.request.payload.empty() && options.request.payload_file.empty()) {
    message.assign(options.bench.size, 'x');
  }
  if (shape == Shape::kExpand) {
    v1::ExpandRequest request;
    requests->FillExpand(message, &request);
    request.set_count(plan->messages);
    request.clear_interval();
    Take(request, plan);
  } else {
    v1::EchoRequest request;
    requests->FillEcho(message, &request);
    Take(request, plan);
  }
  return {};
}

}  // namespace udsecho::client
