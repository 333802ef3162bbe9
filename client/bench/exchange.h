// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One call after the other, or on a chat one round trip after the other on one stream, on gRPC's
// core API: it has one event and no copy for what the C++ API has more of, and a load generator
// lives on that.
//
//   Exchange exchange(plan, queue);
//   exchange.Begin(channel, scheduled);
//   ...of the queue: event.tag == &exchange
//   if (exchange.OnEvent()) Count(exchange.code(), now - exchange.begun());
//
// Thread safety: none; all of a queue's exchanges belong to its thread.
// Ownership: borrows plan, queue and channel. Ask busy() before destroying it: an operation under
// way must end first.

#ifndef CLIENT_BENCH_EXCHANGE_H_
#define CLIENT_BENCH_EXCHANGE_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "client/bench/plan.h"
#include "grpc/grpc.h"

namespace udsecho::client {

// A connection to call over. Borrowed.
struct BenchChannel {
  grpc_channel* channel = nullptr;
  void* method = nullptr;  // of grpc_channel_register_call
  grpc_metadata* metadata = nullptr;
  size_t metadata_count = 0;
};

class Exchange {
 public:
  using Clock = std::chrono::steady_clock;

  // `channel`: which of the connections it uses; only kept here.
  Exchange(const Plan& plan, grpc_completion_queue* queue, int channel);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Starts the next call or round trip, which counts from `begun` on.
  void Begin(const BenchChannel& channel, Clock::time_point begun);

  // What the queue says of it. True if what was begun has ended: see code().
  bool OnEvent();

  // Ends a chat's stream. Then OnEvent() is true once more.
  void End();
  void Cancel();

  // Cancels what took too long, and has its code say so.
  void GiveUp();

  int channel() const { return channel_index_; }
  bool busy() const { return busy_; }  // an event will come
  bool has_stream() const { return call_ != nullptr; }
  Clock::time_point begun() const { return begun_; }      // as was said to Begin()
  Clock::time_point started() const { return started_; }  // when Begin() was called
  grpc_status_code code() const { return code_; }
  const std::string& error() const { return error_; }  // what the status says, if it is not OK
  int64_t bytes_received() const { return bytes_received_; }

 private:
  bool OnExpand();
  bool OnCollect();
  bool OnChat();

  // Operations to be started together.
  void AddStart();
  void AddHeaders();
  void AddSend();
  void AddClose();
  void AddReceive();
  void AddStatus();
  void Go();

  // What was received: false for the end of the stream.
  bool Received();
  void DropSent();
  bool Finished();
  std::string ErrorText() const;

  const Plan& plan_;
  grpc_completion_queue* const queue_;
  const int channel_index_;
  const grpc_slice request_;
  BenchChannel channel_;

  grpc_op ops_[6] = {};
  size_t op_count_ = 0;
  bool busy_ = false;
  int sent_ = 0;  // messages of this call
  bool asked_status_ = false;

  grpc_call* call_ = nullptr;
  grpc_byte_buffer* sending_ = nullptr;
  grpc_byte_buffer* received_ = nullptr;
  grpc_metadata_array headers_;
  grpc_metadata_array trailers_;
  grpc_status_code status_ = GRPC_STATUS_OK;
  grpc_slice details_;

  Clock::time_point begun_;
  Clock::time_point started_;
  bool gave_up_ = false;
  std::string error_;
  grpc_status_code code_ = GRPC_STATUS_OK;
  int64_t bytes_received_ = 0;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_EXCHANGE_H_
