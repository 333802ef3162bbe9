// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One call after the other, or on a chat one round trip after the other on one stream.
//
//   std::vector<Exchange*> ended;
//   Exchange exchange(plan, 0, &requests, &ended);
//   exchange.Begin(&connection, due, now);
//   ...the connection handles what came...
//   for (Exchange* exchange : ended) Count(exchange->code(), now - exchange->begun());
//
// Thread safety: none.
// Ownership: borrows plan, requests, the list, and while it has a stream the connection.

#ifndef CLIENT_BENCH_EXCHANGE_H_
#define CLIENT_BENCH_EXCHANGE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/bench/answer.h"
#include "client/bench/plan.h"
#include "client/bench/request_bytes.h"
#include "client/retry/call_retry.h"
#include "http2/client_connection.h"
#include "http2/client_stream.h"

namespace udsecho::client {

class Exchange final : public http2::ClientStream {
 public:
  using Clock = std::chrono::steady_clock;

  // `connection`: which of the connections it uses; only kept here. `ended`: where it adds itself
  // whenever what was begun has ended.
  Exchange(const Plan& plan, int connection, RequestBytes* requests, std::vector<Exchange*>* ended);

  // Starts the next call or round trip, which counts from `begun` on.
  void Begin(http2::ClientConnection* connection, Clock::time_point begun, Clock::time_point now);

  // The same call once more, after it has ended with again_in().
  void BeginAgain(http2::ClientConnection* connection) { BeginOn(connection); }

  // Ends a chat's stream, which is no round trip.
  void EndChat();
  // Ends what took too long, and has its code say so.
  void GiveUp();
  // Ends it, and tells nobody.
  void Abandon();

  int connection() const { return connection_index_; }
  bool busy() const { return busy_; }
  bool has_stream() const { return is_open(); }
  // Set if what has ended is to be sent again after that time.
  std::optional<absl::Duration> again_in() const { return again_in_; }
  Clock::time_point begun() const { return begun_; }      // as was said to Begin()
  Clock::time_point started() const { return started_; }  // when Begin() was called
  absl::StatusCode code() const { return code_; }
  const std::string& error() const { return error_; }  // what the status says, if it is not OK
  int64_t messages_received() const { return answer_.messages() - (awaited_ - 1); }
  int64_t bytes_received() const { return answer_.bytes() - bytes_before_; }

 private:
  // Of http2::ClientStream.
  void HeaderCame(absl::string_view name, absl::string_view value) override;
  void HeaderEnded() override { answer_.EndHeader(); }
  void DataCame(absl::string_view bytes) override;
  void RoomToSend() override;
  void Over(const http2::StreamEnding& ending) override;

  bool sends_many() const { return plan_.streams_requests && !plan_.round_trips; }
  void BeginOn(http2::ClientConnection* connection);
  void BeginStream();
  void Check(CallStatus* status) const;
  void Finish(CallStatus status);

  const Plan& plan_;
  const int connection_index_;
  RequestBytes& requests_;
  std::vector<Exchange*>& ended_;

  http2::ClientConnection* connection_ = nullptr;
  const http2::Buffer* request_ = nullptr;  // that was sent last, if a call sends one
  CallRetry retry_;
  std::optional<absl::Duration> again_in_;
  std::mt19937 random_;  // for the backoff: no secret
  Answer answer_;
  bool busy_ = false;
  bool ending_ = false;       // a chat, by EndChat()
  int to_send_ = 0;           // messages, if a call sends many
  int64_t awaited_ = 0;       // of a chat: the message that ends the round trip
  int64_t bytes_before_ = 0;  // of a chat, in earlier round trips

  Clock::time_point begun_;
  Clock::time_point started_;
  std::string error_;
  absl::StatusCode code_ = absl::StatusCode::kOk;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_EXCHANGE_H_
