// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server in the test's process whose every answer the test makes up, of any method.
//
//   AnsweringServer server([](const std::string& method, const std::string& request) {
//     return AnsweringServer::Answers{"bytes"};
//   });
//   RunClient({server.path(), "--list"});
//
// Each message of a request gets its answers, and a call ends with OK once the client has half-closed.
//
// Thread safety: the function is called on gRPC's threads. At the end, calls that still run are cancelled.

#ifndef TESTS_INTEGRATION_ANSWERING_SERVER_H_
#define TESTS_INTEGRATION_ANSWERING_SERVER_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace udsecho::integration {

class AnsweringServer final : public grpc::CallbackGenericService {
 public:
  // None: the call ends with UNIMPLEMENTED. Empty: nothing comes.
  using Answers = std::optional<std::vector<std::string>>;
  using Answer = std::function<Answers(const std::string& method, const std::string& request)>;

  explicit AnsweringServer(Answer answer);
  ~AnsweringServer() override;

  std::string path() const { return dir_.Path("s"); }

 private:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

  const support::TempDir dir_;
  const Answer answer_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace udsecho::integration

#endif  // TESTS_INTEGRATION_ANSWERING_SERVER_H_
