// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// rpc/wire/message_reader.h: messages come out as they went in, in whatever pieces their bytes come.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "http2/account.h"
#include "rpc/wire/message_reader.h"
#include "tests/fuzz/input.h"

namespace udsecho::fuzz {
namespace {

constexpr std::size_t kMostBytes = 40'000;

using Messages = std::vector<std::pair<bool, std::string>>;

// What PROTOCOL-HTTP2.md says: the whole messages until the first that may not be, if there is one.
Messages Expected(absl::string_view body, absl::StatusCode* end) {
  Messages messages;
  *end = absl::StatusCode::kOk;
  while (body.size() >= rpc::wire::kPrefixBytes) {
    Input prefix(body);
    const std::uint8_t flag = prefix.Byte();
    const std::size_t length = prefix.Number(4);
    if (flag > 1) *end = absl::StatusCode::kInternal;
    if (flag <= 1 && length > kMostBytes) *end = absl::StatusCode::kResourceExhausted;
    if (*end != absl::StatusCode::kOk || body.size() < rpc::wire::kPrefixBytes + length) break;
    messages.emplace_back(flag == 1, body.substr(rpc::wire::kPrefixBytes, length));
    body.remove_prefix(rpc::wire::kPrefixBytes + length);
  }
  return messages;
}

// A reader that is given a body in pieces, and popped now and then.
struct Reading {
  http2::MemoryBudget budget{1 << 24};
  http2::MemoryBudget::Holder holder;
  http2::Account account{&budget, &holder};
  rpc::wire::MessageReader reader{&account, kMostBytes};
  Messages messages;
  absl::Status status;

  void Append(absl::string_view piece) {
    if (status.ok()) status = reader.Append(piece);
    EXPECT_LE(reader.size(), account.held());
  }
  void Pop() {
    if (!reader.has_message()) return;
    const rpc::wire::Message message = reader.message();
    messages.emplace_back(message.compressed, message.bytes);
    const absl::Status next = reader.Pop();
    status.Update(next);
  }
};

// Repeats a piece of the input, so that a short input makes a long body.
std::string Body(Input* in) {
  std::string body;
  while (!in->empty()) {
    const unsigned times = 1 + in->Byte();
    const std::string piece = in->Text();
    for (unsigned i = 0; i < times && body.size() < 200'000; ++i) body += piece;
  }
  return body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const std::string choices_bytes = in.Text();
  Input choices(choices_bytes);
  const std::string body = Body(&in);

  Reading reading;
  for (absl::string_view rest = body; !rest.empty();) {
    const std::size_t length = choices.empty() ? rest.size() : choices.Number(2);
    reading.Append(rest.substr(0, length));
    rest.remove_prefix(std::min(length, rest.size()));
    for (unsigned pops = choices.Below(4); pops > 0; --pops) reading.Pop();
  }
  while (reading.reader.has_message()) reading.Pop();

  absl::StatusCode end = absl::StatusCode::kOk;
  EXPECT_EQ(reading.messages, Expected(body, &end));
  EXPECT_EQ(reading.status.code(), end);
  if (end != absl::StatusCode::kOk) return 0;
  std::size_t taken = 0;
  for (const auto& message : reading.messages) {
    taken += rpc::wire::kPrefixBytes + message.second.size();
  }
  EXPECT_EQ(reading.reader.is_partial(), taken < body.size());
  if (taken == body.size()) EXPECT_EQ(reading.account.held(), 0);
  return 0;
}

}  // namespace udsecho::fuzz
