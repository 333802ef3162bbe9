// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A connection of http2/ that is sent any bytes, in any chunks.
//
// The input: a text for the handlers (tests/fuzz/wire.h), then chunks, a text each. An empty one stands
// for a second that passes.

#include <cstdint>
#include <string>

#include "http2/first_bytes.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/wire.h"

namespace udsecho::fuzz {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const std::string text = in.Text();
  Input choices(text);
  // Most inputs should come behind the preface, which few would find.
  const bool greets = choices.Byte() % 4 != 0;
  Wire wire(&choices);
  if (greets) wire.peer().Send(http2::kPreface);
  while (!in.empty() && !wire.ended()) {
    const std::string chunk = in.Text();
    if (chunk.empty()) wire.clock().Advance(absl::Seconds(1));
    wire.peer().Send(chunk);
    wire.Turn();
    wire.peer().Pull();
  }
  wire.End();
  return 0;
}

}  // namespace udsecho::fuzz
