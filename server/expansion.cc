// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/expansion.h"

#include <algorithm>
#include <limits>

namespace udsecho {
namespace {

constexpr char kSpaces[] = " \t\n\r";

// Takes the first word out of `text`; empty when there is none.
absl::string_view TakeWord(absl::string_view* text) {
  text->remove_prefix(std::min(text->find_first_not_of(kSpaces), text->size()));
  const absl::string_view word = text->substr(0, text->find_first_of(kSpaces));
  text->remove_prefix(word.size());
  return word;
}

}  // namespace

Expansion::Expansion(const v1::ExpandRequest& request,
                     const std::optional<std::string>& fixed_reply)
    : request_(request),
      fixed_(fixed_reply.has_value()),
      most_(request.has_count() ? request.count() : std::numeric_limits<std::int64_t>::max()),
      rest_(request.message()) {
  if (request.has_fault()) {
    most_ = std::min<std::int64_t>(most_, request.fault().after_messages());
  }
  response_.set_payload(request.payload());
  if (fixed_) {
    response_.set_message(*fixed_reply);
  } else if (request.has_count()) {
    response_.set_message(request.message());
  }
}

const v1::EchoResponse* Expansion::Next() {
  if (count_ == most_ || !NextMessage()) return nullptr;
  ++count_;
  return &response_;
}

bool Expansion::NextMessage() {
  if (request_.has_count()) return true;
  const absl::string_view word = TakeWord(&rest_);
  if (word.empty()) return false;
  if (!fixed_) response_.set_message(word.data(), word.size());
  return true;
}

}  // namespace udsecho
