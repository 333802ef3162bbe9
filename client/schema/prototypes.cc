// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/prototypes.h"

#include <unordered_set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

bool RefersToMoreThan(size_t most, const pb::Descriptor& type) {
  std::unordered_set<const pb::Descriptor*> seen = {&type};
  std::vector<const pb::Descriptor*> waiting = {&type};
  while (!waiting.empty() && seen.size() <= most) {
    const pb::Descriptor& next = *waiting.back();
    waiting.pop_back();
    for (int i = 0; i < next.field_count(); ++i) {
      const pb::Descriptor* const message = next.field(i)->message_type();
      if (message != nullptr && seen.insert(message).second) waiting.push_back(message);
    }
  }
  return seen.size() > most;
}

}  // namespace

absl::StatusOr<const pb::Message*> Prototypes::Get(const pb::Descriptor& type) {
  if (const pb::Message* const known = known_[&type]; known != nullptr) return known;
  if (RefersToMoreThan(kMostTypes, type)) {
    return absl::ResourceExhaustedError(
        absl::StrCat(uds::Printable(type.full_name().substr(0, 200)), " refers to more than ",
                     kMostTypes, " other types"));
  }
  return known_[&type] = factory_.GetPrototype(&type);
}

}  // namespace udsecho::client
