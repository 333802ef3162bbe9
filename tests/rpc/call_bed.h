// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// An rpc::TestServer with handlers that the test writes, and their client's bytes.
//
//   CallBed bed;
//   bed.service.talk = [](rpc::BidiCall<Request, Reply>& call) -> rpc::Task { ... };
//   bed.Send(Begin(1, "Talk") + Message(1, request));              // and turns until all is quiet
//   EXPECT_EQ(bed.status(1), "0");
//   bed.clock.Advance(absl::Seconds(1));
//   bed.Settle();
//
// When it goes, it looks whether all that calls held was given back.
//
// Thread safety: none. Ownership: has all of it.

#ifndef TESTS_RPC_CALL_BED_H_
#define TESTS_RPC_CALL_BED_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "http2/account.h"
#include "http2/fake_clock.h"
#include "rpc/call/stream_calls.h"
#include "rpc/call/task.h"
#include "rpc/call/unary_call.h"
#include "rpc/limits.h"
#include "rpc/service.h"
#include "rpc/shard.h"
#include "rpc/testing/test_server.h"
#include "tests/http2/peer.h"
#include "tests/rpc/probe.pb.h"

namespace udsecho::testing {

using Request = v1::ProbeRequest;
using Reply = v1::ProbeReply;

// Its methods do what the test says.
class ScriptedService final : public rpc::Service {
 public:
  using Unary = rpc::UnaryCall<Request, Reply>;
  using ServerStream = rpc::ServerStreamCall<Request, Reply>;
  using ClientStream = rpc::ClientStreamCall<Request, Reply>;
  using Bidi = rpc::BidiCall<Request, Reply>;

  ScriptedService();

  std::function<rpc::Task(Unary&)> ask;
  std::function<rpc::Task(ServerStream&)> expand;
  std::function<rpc::Task(ClientStream&)> collect;
  std::function<rpc::Task(Bidi&)> talk;

 private:
  rpc::Task Ask(Unary& call) { return ask(call); }
  rpc::Task Expand(ServerStream& call) { return expand(call); }
  rpc::Task Collect(ClientStream& call) { return collect(call); }
  rpc::Task Talk(Bidi& call) { return talk(call); }
};

// What a client sends, as frames.
std::string Begin(std::uint32_t stream, const std::string& method, const http2::Headers& more = {});
std::string Message(std::uint32_t stream, const Request& request, std::uint8_t flags = 0);
std::string Message(std::uint32_t stream, const std::string& text, std::uint8_t flags = 0);
// Any bytes, as DATA frames.
std::string Data(std::uint32_t stream, absl::string_view bytes, std::uint8_t flags = 0);
// A call that is whole.
std::string Whole(std::uint32_t stream, const std::string& method, const std::string& text,
                  const http2::Headers& more = {});

class CallBed final : private rpc::TestServer::Client {
 public:
  explicit CallBed(const rpc::Limits& limits = {});
  ~CallBed();

  void Send(absl::string_view bytes);
  void Settle() { server_.Settle(); }
  // Moves what the client has sent, and turns the loop once.
  void Turn();

  // grpc-status, of the trailers or the header; empty if none came.
  std::string status(std::uint32_t stream);
  std::string message(std::uint32_t stream);
  // The texts of the replies that came.
  std::vector<std::string> replies(std::uint32_t stream);

  // Closes the client's end.
  void Leave();

  http2::Peer& peer() { return *peer_; }
  rpc::Shard& shard() { return server_.shard(); }
  rpc::CallerAccount& account() { return *caller_->accounts[0]; }
  const rpc::Connection& connection() const { return *connection_; }
  std::int64_t in_flight() { return server_.calls_in_flight(); }
  bool ended() const { return !server_.is_open(*connection_); }

  ScriptedService service;

 private:
  bool Move() override;

  http2::MemoryBudget unlimited_{std::int64_t{1} << 40};  // the client's
  rpc::TestServer server_;
  rpc::Caller* const caller_;
  std::shared_ptr<const rpc::Connection> connection_;
  std::unique_ptr<http2::Peer> peer_;

 public:
  http2::FakeClock& clock = server_.clock();
  rpc::CallHooks& hooks = server_.call_hooks();
};

}  // namespace udsecho::testing

#endif  // TESTS_RPC_CALL_BED_H_
