// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Calls of a method that is known at run time alone: JSON goes in, and JSON comes out, a line a reply.
//
// Thread safety: none. Ownership: borrows all it is given.

#ifndef CLIENT_CALL_METHOD_TRAFFIC_H_
#define CLIENT_CALL_METHOD_TRAFFIC_H_

#include <set>
#include <string>
#include <vector>

#include "client/call/traffic.h"
#include "client/options.h"
#include "client/output.h"
#include "client/schema/json_codec.h"
#include "client/tell.h"
#include "google/protobuf/descriptor.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {

struct MethodTargets {
  Output* text;
  Progress* progress;
  Tell warn;  // what is odd about replies, once each
  Format format = Format::kText;
};

class MethodTraffic final : public Traffic {
 public:
  MethodTraffic(const google::protobuf::MethodDescriptor& method, JsonCodec* codec,
                MethodTargets targets)
      : method_(method), codec_(*codec), to_(std::move(targets)) {}

  absl::StatusOr<std::string> Request(absl::string_view text) override;
  absl::Status Reply(const RawReply& reply) override;
  absl::Status End(const CallEnd& end) override;
  absl::Status Whole(const RawReply* reply, const CallEnd& end) override;
  absl::Status Flush() override { return to_.text->Flush(); }
  bool empty() const override { return to_.text->empty(); }

 private:
  absl::Status Show(const RawReply* reply, const CallEnd* end);
  void WarnOfDetails(const grpc::Status& status);
  void WarnOfUnknown(const std::vector<std::string>& names);

  const google::protobuf::MethodDescriptor& method_;
  JsonCodec& codec_;
  const MethodTargets to_;
  std::set<std::string> warned_of_;
};

}  // namespace udsecho::client

#endif  // CLIENT_CALL_METHOD_TRAFFIC_H_
