// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What tests write the handlers of a CallBed with.
//
//   bed.service.ask = [](Unary& call) -> rpc::Task {
//     ExpectTrue(co_await call.Finish(Says("fine")));
//   };
//
// Thread safety: none.

#ifndef TESTS_RPC_HANDLERS_H_
#define TESTS_RPC_HANDLERS_H_

#include <gtest/gtest.h>

#include <source_location>
#include <string>
#include <utility>

#include "rpc/call/task.h"
#include "tests/rpc/call_bed.h"

namespace udsecho::testing {

using Bidi = ScriptedService::Bidi;
using ClientStream = ScriptedService::ClientStream;
using ServerStream = ScriptedService::ServerStream;
using Unary = ScriptedService::Unary;

// For what co_await gives: g++ 12 miscompiles co_await in a condition, and EXPECT_TRUE puts its
// argument into one.
inline void ExpectTrue(bool is, std::source_location at = std::source_location::current()) {
  if (!is) ADD_FAILURE_AT(at.file_name(), static_cast<int>(at.line())) << "is false";
}
inline void ExpectFalse(bool is, std::source_location at = std::source_location::current()) {
  if (is) ADD_FAILURE_AT(at.file_name(), static_cast<int>(at.line())) << "is true";
}

inline Reply Says(const std::string& text) {
  Reply reply;
  reply.set_text(text);
  return reply;
}

// Counts those that are alive.
class Counted {
 public:
  explicit Counted(int* alive) : alive_(alive) { ++*alive_; }
  Counted(Counted&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
  Counted& operator=(Counted&&) = delete;
  ~Counted() {
    if (alive_ != nullptr) --*alive_;
  }

 private:
  int* alive_;
};

// The owner of a task whose end a test does not wait for.
struct Nobody final : rpc::Task::Owner {
  void TaskEnded() override {}
};

}  // namespace udsecho::testing

#endif  // TESTS_RPC_HANDLERS_H_
