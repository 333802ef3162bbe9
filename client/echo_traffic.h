// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Unary calls of udsecho.v1.Echo, for those that know of bytes alone.
//
// Thread safety: none. Ownership: borrows both.

#ifndef CLIENT_ECHO_TRAFFIC_H_
#define CLIENT_ECHO_TRAFFIC_H_

#include <string>

#include "client/call/traffic.h"
#include "client/replies.h"
#include "client/requests.h"

namespace udsecho::client {

class EchoTraffic final : public Traffic {
 public:
  EchoTraffic(const Requests* requests, Replies* replies)
      : requests_(*requests), replies_(*replies) {}

  absl::StatusOr<std::string> Request(absl::string_view text) override {
    requests_.FillEcho(text, &request_);
    return request_.SerializeAsString();
  }

  absl::Status Reply(const RawReply& reply) override {
    if (absl::Status status = Parse(reply); !status.ok()) return status;
    return replies_.Add(Shown(reply));
  }
  absl::Status End(const CallEnd& end) override { return replies_.End(end); }

  absl::Status Whole(const RawReply* reply, const CallEnd& end) override {
    if (reply == nullptr) return replies_.Whole(nullptr, end);
    if (absl::Status status = Parse(*reply); !status.ok()) return status;
    const client::Reply shown = Shown(*reply);
    return replies_.Whole(&shown, end);
  }

  absl::Status Flush() override { return replies_.Flush(); }
  bool empty() const override { return replies_.empty(); }

 private:
  absl::Status Parse(const RawReply& reply) {
    if (response_.ParseFromString(reply.bytes)) return absl::OkStatus();
    return absl::DataLossError("the answer is no udsecho.v1.EchoResponse");
  }
  client::Reply Shown(const RawReply& reply) const {
    return {.message = response_.message(),
            .payload = response_.payload(),
            .took = reply.took,
            .sequence = reply.sequence};
  }

  const Requests& requests_;
  Replies& replies_;
  v1::EchoRequest request_;
  v1::EchoResponse response_;
};

}  // namespace udsecho::client

#endif  // CLIENT_ECHO_TRAFFIC_H_
