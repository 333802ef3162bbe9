// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client's connection, and its server's end by hand, on one thread.
//
//   ClientBed bed;
//   Told stream;
//   bed.Submit(&stream, "hello");
//   bed.Send(HeadersFrame(1, {{":status", "200"}}, kEndHeaders | kEndStream));   // and settles
//   EXPECT_EQ(stream.cause(), StreamEnding::Cause::kAnswered);
//
// Thread safety: none. Ownership: a stream is destroyed before its bed, or after it.

#ifndef TESTS_HTTP2_CLIENT_BED_H_
#define TESTS_HTTP2_CLIENT_BED_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "http2/account.h"
#include "http2/client_connection.h"
#include "http2/client_stream.h"
#include "http2/header_fields.h"
#include "tests/http2/peer.h"

namespace http2 {

// What a stream was told.
class Told final : public ClientStream {
 public:
  Headers headers;      // the trailers too
  int header_ends = 0;  // of a header that was not all
  std::string body;
  std::optional<StreamEnding> ending;
  int endings = 0;
  std::function<void()> room_to_send = [] {};
  std::function<void()> over = [] {};

  std::optional<StreamEnding::Cause> cause() const {
    if (!ending.has_value()) return std::nullopt;
    return ending->cause;
  }

 private:
  void HeaderCame(absl::string_view name, absl::string_view value) override {
    headers.emplace_back(name, value);
  }
  void HeaderEnded() override { ++header_ends; }
  void DataCame(absl::string_view bytes) override { body.append(bytes.data(), bytes.size()); }
  void RoomToSend() override { room_to_send(); }
  void Over(const StreamEnding& how) override {
    ending = how;
    ++endings;
    over();
  }
};

class ClientBed {
 public:
  explicit ClientBed(std::int64_t budget_bytes = std::int64_t{1} << 30);

  ClientConnection& connection() { return *connection_; }
  Peer& peer() { return *peer_; }
  const Account& account() const { return account_; }

  // With a body, and its end; or without the end.
  void Submit(Told* stream, absl::string_view body = "");
  void SubmitOpen(Told* stream);
  Buffer BufferOf(absl::string_view bytes);

  // SETTINGS, and the ACK of the client's.
  void Greet(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings = {});

  // The server sends, and all is settled.
  void Send(absl::string_view bytes);
  // Moves bytes until none come any more; with kServerReadsNot the server reads none.
  enum class Reads { kServerReads, kServerReadsNot };
  void Settle(Reads reads = Reads::kServerReads);

  // Destroys the connection.
  void Destroy() { connection_.reset(); }

 private:
  MemoryBudget budget_;
  MemoryBudget::Holder holder_;
  Account account_{&budget_, &holder_};
  HeaderFields header_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<ClientConnection> connection_;
};

// A whole answer.
std::string Answer(std::uint32_t stream, absl::string_view body = "hello");

}  // namespace http2

#endif  // TESTS_HTTP2_CLIENT_BED_H_
