// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Gets a token of the agent, by the stub that gRPC generates: fetch SOCKET AUDIENCE [--watch].
// Prints the token; with --watch, each new one on a line of its own.

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <iostream>
#include <string>

#include "tokens.grpc.pb.h"

namespace {

int Report(const grpc::Status& status) {
  if (status.ok()) return 0;
  std::cerr << "fetch: " << status.error_message() << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool watch = argc == 4 && std::string(argv[3]) == "--watch";
  if (argc != 3 && !watch) {
    std::cerr << "usage: fetch SOCKET AUDIENCE [--watch]\n";
    return 2;
  }
  const auto stub = tokens::v1::Tokens::NewStub(
      grpc::CreateChannel("unix:" + std::string(argv[1]), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  tokens::v1::IssueRequest request;
  request.set_audience(argv[2]);
  tokens::v1::Token token;
  if (watch) {
    const auto tokens = stub->Watch(&context, request);
    while (tokens->Read(&token)) std::cout << token.token() << '\n' << std::flush;
    return Report(tokens->Finish());
  }
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  const grpc::Status status = stub->Issue(&context, request, &token);
  if (status.ok()) std::cout << token.token() << '\n';
  return Report(status);
}
