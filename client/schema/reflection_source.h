// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Files from the server itself, by gRPC's reflection: v1, or v1alpha of a server that has only that.
// (https://github.com/grpc/grpc-proto/blob/master/grpc/reflection/v1/reflection.proto)
//
//   ReflectionSource source(channel, options.call, &interrupt);
//   absl::StatusOr<std::vector<std::string>> services = source.Services();
//
// One stream, opened by the first question, and again by the first one after Rest(). Errors have the codes of the calls; UNIMPLEMENTED if the
// server has no reflection, CANCELLED on Ctrl-C, RESOURCE_EXHAUSTED for an answer that is too large to be looked
// at. Their messages are printable.
//
// Thread safety: none. Ownership: borrows the options and the interrupt.

#ifndef CLIENT_SCHEMA_REFLECTION_SOURCE_H_
#define CLIENT_SCHEMA_REFLECTION_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "client/call_context.h"
#include "client/interrupt.h"
#include "client/options.h"
#include "client/schema/file_source.h"
#include "client/timed_queue.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpcpp/generic/generic_stub.h"

namespace udsecho::client {

class ReflectionSource final : public FileSource {
 public:
  static constexpr int kMostTimeouts = 10;

  // options.timeout is for each answer, and kMostTimeouts of it for all.
  ReflectionSource(std::shared_ptr<grpc::Channel> channel, const CallOptions& options,
                   Interrupt* interrupt);
  ~ReflectionSource() override;

  absl::StatusOr<std::vector<std::string>> Services() override;
  absl::StatusOr<Files> FilesOf(const std::string& symbol) override;
  absl::StatusOr<Files> FileNamed(const std::string& name) override;
  void Rest() override;

 private:
  // The messages of v1alpha are the same, under another name.
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
  class Stream;
  class Spending;

  absl::StatusOr<Response> Ask(const Request& request);
  absl::StatusOr<Files> AskForFiles(const Request& request);

  const std::shared_ptr<grpc::Channel> channel_;
  const CallOptions& options_;
  Interrupt& interrupt_;
  const char* version_;  // the method's path
  std::unique_ptr<Stream> stream_;
  absl::Duration spent_;  // waiting for answers
};

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_REFLECTION_SOURCE_H_
