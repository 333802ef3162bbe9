// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client of a TestServer, and its calls: what a service's callers see.
//
//   rpc::TestClient ada(&server, {.uid = 1000});             // any credentials
//   absl::StatusOr<HelloReply> reply = ada.Ask<HelloReply>("/example.Greeter/Hello", request);
//
//   rpc::TestCall call(&ada, "/example.Chat/Talk", {.timeout = absl::Seconds(5)});
//   call.Send(line);
//   EXPECT_EQ(call.Next<Line>()->text(), "hello");           // nullopt if none has come
//   server.Advance(absl::Seconds(5));
//   EXPECT_EQ(call.status()->code(), absl::StatusCode::kDeadlineExceeded);
//
// Each thing that a client does lets the server settle (test_server.h), so that its answer is there
// afterwards.
//
// Thread safety: none. Ownership: a client borrows its server, a call its client. Destroyed, a client
// closes its connection, and a call is cancelled.

#ifndef RPC_TESTING_TEST_CLIENT_H_
#define RPC_TESTING_TEST_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"
#include "http2/account.h"
#include "http2/client_connection.h"
#include "http2/client_stream.h"
#include "http2/header_fields.h"
#include "rpc/testing/test_server.h"
#include "uds/peer_credentials.h"

namespace rpc {

// Header fields: names in lower case, values as they are sent ("-bin": base64).
using TestMetadata = std::vector<std::pair<std::string, std::string>>;

struct TestCallOptions {
  TestMetadata metadata = {};
  absl::Duration timeout = absl::InfiniteDuration();
};

class TestClient final : private TestServer::Client {
 public:
  explicit TestClient(TestServer* server,
                      const uds::PeerCredentials& peer = {.uid = 1000, .gid = 1000});
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  // A call of one message each way. INTERNAL if it has not ended once the server has settled: use a
  // TestCall for one that waits.
  template <class Reply>
  absl::StatusOr<Reply> Ask(absl::string_view path, const google::protobuf::MessageLite& request,
                            const TestCallOptions& options = {});

  // Whether a new call may begin: false once the server has sent GOAWAY or closed the connection.
  bool may_call() const { return http2_->may_submit(); }

  TestServer& server() { return server_; }

 private:
  friend class TestCall;

  bool Move() override;

  TestServer& server_;
  http2::MemoryBudget budget_;
  http2::MemoryBudget::Holder holder_;
  http2::Account account_;
  std::unique_ptr<http2::ClientConnection> http2_;
};

class TestCall final : private http2::ClientStream {
 public:
  // `path` such as "/package.Service/Method"; without the first slash this aborts. Ends as UNAVAILABLE if
  // the client may not call any more.
  TestCall(TestClient* client, absl::string_view path, const TestCallOptions& options = {});
  ~TestCall() override;

  // Sends a message, the last one with half-close if SendLast().
  void Send(const google::protobuf::MessageLite& message);
  void SendLast(const google::protobuf::MessageLite& message);
  // Half-close: no message will follow.
  void End();
  // Leaves the call (RST_STREAM).
  void Cancel();

  // The next message that came; nullopt if there is none. Aborts if it is no Reply.
  template <class Reply>
  std::optional<Reply> Next() {
    Reply reply;
    if (!TakeNext(&reply)) return std::nullopt;
    return reply;
  }

  // How it ended, with the text; nullopt while it goes on. CANCELLED after Cancel().
  const std::optional<absl::Status>& status() const { return status_; }
  // Of the response's header, and of its trailers: the first value of that name; nullopt if there is
  // none. Without a message in between, each has the other's too.
  std::optional<std::string> header(absl::string_view name) const;
  std::optional<std::string> trailer(absl::string_view name) const;

 private:
  void HeaderCame(absl::string_view name, absl::string_view value) override;
  void DataCame(absl::string_view bytes) override;
  void Over(const http2::StreamEnding& ending) override;

  void Queue(const google::protobuf::MessageLite& message);
  bool TakeNext(google::protobuf::MessageLite* message);
  absl::Status StatusOf(const http2::StreamEnding& ending) const;

  TestClient& client_;
  const TestMetadata sent_;
  const http2::HeaderFields fields_;
  TestMetadata header_;
  TestMetadata trailers_;
  bool header_is_over_ = false;
  std::string body_;
  std::size_t taken_ = 0;  // of body_
  std::optional<absl::Status> status_;
};

template <class Reply>
absl::StatusOr<Reply> TestClient::Ask(absl::string_view path,
                                      const google::protobuf::MessageLite& request,
                                      const TestCallOptions& options) {
  TestCall call(this, path, options);
  call.SendLast(request);
  if (!call.status().has_value()) return absl::InternalError("the call has not ended: it waits");
  if (!call.status()->ok()) return *call.status();
  std::optional<Reply> reply = call.Next<Reply>();
  if (!reply.has_value()) return absl::InternalError("the call ended with OK, without a message");
  return *std::move(reply);
}

}  // namespace rpc

#endif  // RPC_TESTING_TEST_CLIENT_H_
