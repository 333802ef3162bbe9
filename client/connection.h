// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The connection to the server, made anew when it was lost.
//
//   Connection connection(std::move(client), reconnect);
//   if (absl::Status status = connection.Ready(); !status.ok()) ...  // nobody is there
//   const grpc::Status status = Call(connection.client());
//   connection.CallEnded(status);
//
// Thread safety: none.

#ifndef CLIENT_CONNECTION_H_
#define CLIENT_CONNECTION_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "client/echo_client.h"
#include "grpcpp/support/status.h"

namespace udsecho::client {

class Connection {
 public:
  // A new connection, or why there is none: the errors of Target::Connect().
  using Connect = std::function<absl::StatusOr<std::unique_ptr<EchoClient>>()>;

  Connection(std::unique_ptr<EchoClient> client, Connect connect)
      : client_(std::move(client)), connect_(std::move(connect)) {}

  bool IsLost() const { return client_ == nullptr || client_->IsLost(); }

  // Connects again if the connection is lost. No call may be under way.
  absl::Status Ready() {
    if (!IsLost()) return absl::OkStatus();
    client_.reset();
    absl::StatusOr<std::unique_ptr<EchoClient>> client = connect_();
    if (!client.ok()) return client.status();
    client_ = *std::move(client);
    return absl::OkStatus();
  }

  // Once Ready() was OK, and until the next one.
  EchoClient& client() { return *client_; }

  // Says how a call on it ended: UNAVAILABLE if the connection is lost.
  void CallEnded(const grpc::Status& status) {
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return;
    if (client_ != nullptr && !client_->connects_itself()) client_.reset();
  }

 private:
  std::unique_ptr<EchoClient> client_;
  const Connect connect_;
};

// Where to.
struct Server {
  Connection* connection;
  std::string address;         // for people
  std::string authority = {};  // what calls say there unless they say otherwise
};

// What a call would have ended with, had there been one. `status` is an error of Ready().
inline grpc::Status WithoutConnection(const absl::Status& status) {
  const bool too_slow = status.code() == absl::StatusCode::kDeadlineExceeded;
  return {too_slow ? grpc::StatusCode::DEADLINE_EXCEEDED : grpc::StatusCode::UNAVAILABLE,
          std::string(status.message())};
}

}  // namespace udsecho::client

#endif  // CLIENT_CONNECTION_H_
