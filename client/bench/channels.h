// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The connections of one worker, as channels of gRPC's core API.
//
//   Channels channels(plan, 4);
//   if (!channels.Connect().ok()) ...
//   exchange.Begin(channels.at(i), now);
//   channels.MarkLost(i);  // its calls fail
//   channels.Repair();     // from time to time
//
// Thread safety: none.

#ifndef CLIENT_BENCH_CHANNELS_H_
#define CLIENT_BENCH_CHANNELS_H_

#include <vector>

#include "absl/status/status.h"
#include "client/bench/exchange.h"
#include "client/bench/plan.h"
#include "grpc/grpc.h"
#include "uds/unique_fd.h"

namespace udsecho::client {

class Channels {
 public:
  Channels(const Plan& plan, int count);
  ~Channels();
  Channels(const Channels&) = delete;
  Channels& operator=(const Channels&) = delete;

  // All of them, or why not.
  absl::Status Connect();

  // `index` from 0.
  const BenchChannel& at(int index) const { return channels_[index]; }
  bool IsLost(int index) const { return channels_[index].channel == nullptr; }
  int size() const { return static_cast<int>(channels_.size()); }

  // The channel is given up; calls that are on it end by themselves.
  void MarkLost(int index);

  // Makes those that were lost anew, if the server is there.
  void Repair();

 private:
  BenchChannel Open(uds::UniqueFd fd);
  void Close(BenchChannel* channel);

  const Plan& plan_;
  std::vector<grpc_metadata> metadata_;
  std::vector<BenchChannel> channels_;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_CHANNELS_H_
