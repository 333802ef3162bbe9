// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What calls of one method work with, and bytes as gRPC has them.
//
// How calls end:
//   - the messages end, and all is answered and shown.
//   - a message cannot be had or sent: the same, for those before it.
//   - a call fails, or a reply is not what it should be: at once.
//   - the output cannot be written: at once; exit code 1.
//   - Ctrl-C: at once; exit code 130.
//
// Thread safety: as that of what it refers to; one at a time. Ownership: borrows everything.

#ifndef CLIENT_CALL_CALLING_H_
#define CLIENT_CALL_CALLING_H_

#include <memory>
#include <string>

#include "client/call/traffic.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/message_source.h"
#include "client/options.h"
#include "client/statistics.h"
#include "client/tell.h"
#include "grpcpp/grpcpp.h"

namespace udsecho::client {

struct Calling {
  std::shared_ptr<grpc::Channel> channel;
  std::string path;     // "/demo.Greeter/Hello"
  std::string name;     // "Hello", for error messages
  std::string address;  // likewise
  bool one_reply;       // or a stream of them
  const Options* options;
  MessageSource* source;
  Traffic* traffic;
  Interrupt* interrupt;
  Tell warn = nullptr;               // for --keep_going: of each call that failed
  Statistics* statistics = nullptr;  // of unary calls, if they are to be counted
};

inline grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string FromBuffer(const grpc::ByteBuffer& buffer);

// `status` is not OK and comes from Traffic.
Outcome TrafficError(const Calling& calling, const absl::Status& status);

}  // namespace udsecho::client

#endif  // CLIENT_CALL_CALLING_H_
