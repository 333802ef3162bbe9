// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/method_plan.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/call/method_input.h"
#include "client/echo_client.h"
#include "client/read_file.h"
#include "client/schema/json_codec.h"
#include "client/schema/method_lookup.h"
#include "client/schema/schema_error.h"

namespace udsecho::client {
namespace {

using google::protobuf::MethodDescriptor;

const char* ShapeOf(const MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidi stream" : "client stream";
  return method.server_streaming() ? "server stream" : "unary";
}

absl::StatusOr<std::vector<std::string>> TextsOf(const Options& options, int in,
                                                 bool streams_requests) {
  const MethodOptions& method = options.method;
  if (!options.messages.empty()) return options.messages;
  if (method.data.has_value()) return RequestsIn(*method.data, streams_requests);
  if (method.data_file.empty()) return std::vector<std::string>{"{}"};
  const absl::StatusOr<std::string> data = ReadFile("--data", method.data_file, in);
  if (!data.ok()) return data.status();
  return RequestsIn(*data, streams_requests);
}

Outcome EncodeAll(const std::vector<std::string>& texts, const MethodDescriptor& method,
                  Schema* schema, Plan* plan) {
  if (texts.size() > kMostRequests) {
    return UsageError(absl::StrCat("--data: more than ", kMostRequests, " requests"));
  }
  JsonCodec codec(schema);
  size_t bytes = 0;
  plan->requests.reserve(texts.size());
  for (const std::string& text : texts) {
    absl::StatusOr<std::string> request = codec.Encode(*method.input_type(), text);
    if (!request.ok()) {
      return UsageError(absl::StrCat("message ", plan->requests.size() + 1, " of ", texts.size(),
                                     ": ", request.status().message(), "; nothing was sent"));
    }
    bytes += request->size();
    plan->requests.push_back(*std::move(request));
  }
  if (!texts.empty()) plan->request_size = static_cast<int64_t>(bytes / texts.size());
  return {};
}

// How many messages a call sends.
int Length(const Options& options, const Plan& plan) {
  if (!plan.streams_requests) return 1;
  const int all = static_cast<int>(plan.requests.size());
  return all == 0 ? 0 : options.bench.stream_length.value_or(all);
}

Outcome PlanWith(Schema* schema, const Options& options, int in, Interrupt* interrupt, Plan* plan) {
  const auto method = FindMethod(options.method.name, schema);
  if (interrupt->triggered()) return Interrupted();
  if (!method.ok()) return SchemaError(plan->target.name(), method.status());
  plan->is_any_method = true;
  plan->shape = ShapeOf(**method);
  plan->name = (*method)->name();
  plan->method = MethodPath(**method);
  plan->streams_requests = (*method)->client_streaming();
  plan->streams_replies = (*method)->server_streaming();
  const auto texts = TextsOf(options, in, plan->streams_requests);
  if (!texts.ok()) return LocalIoError(texts.status().message());
  if (texts->empty() && !plan->streams_requests) return UsageError("--data: there is no request");
  Outcome encoded = EncodeAll(*texts, **method, schema, plan);
  plan->messages = Length(options, *plan);
  return encoded;
}

}  // namespace

Outcome PlanMethod(const Options& options, int in, Interrupt* interrupt, Plan* plan) {
  std::unique_ptr<EchoClient> client;
  std::shared_ptr<grpc::Channel> channel;
  if (options.method.protosets.empty()) {
    absl::StatusOr<uds::UniqueFd> fd = plan->target.Connect(options.call.timeout);
    if (!fd.ok()) return ConnectError(fd.status());
    client = std::make_unique<EchoClient>(*std::move(fd), plan->target.authority());
    channel = client->channel();
  }
  absl::StatusOr<std::unique_ptr<FileSource>> files = DescriptionOf(channel, options, interrupt);
  if (!files.ok()) return LocalIoError(files.status().message());
  Schema schema(*std::move(files));
  return PlanWith(&schema, options, in, interrupt, plan);
}

}  // namespace udsecho::client
