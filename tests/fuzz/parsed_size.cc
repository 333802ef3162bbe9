// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// rpc/wire/parsed_size.h: what it says is at least what the parsed message takes, both by protobuf's word
// and by what was allocated.

#include "rpc/wire/parsed_size.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/base/config.h"
#include "tests/fuzz/input.h"
#include "tests/rpc/shapes.pb.h"

#ifdef ABSL_HAVE_ADDRESS_SANITIZER
// Of sanitizer/allocator_interface.h, which GCC does not have.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // NOLINT(*-reserved-identifier)
#endif

namespace udsecho::fuzz {
namespace {

using rpc::wire::ParsedSize;
using testing::v1::Many;
using testing::v1::RichStatus;
using testing::v1::Shapes;

std::size_t Allocated() {
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  return __sanitizer_get_current_allocated_bytes();
#else
  return 0;
#endif
}

template <class Message>
void Check(const std::string& encoded) {
  const std::optional<std::size_t> told = ParsedSize(*Message::descriptor(), encoded);
  if (!told.has_value()) return;
  const std::size_t dearest =
      Message().SpaceUsedLong() + encoded.size() * rpc::wire::DearestByte(*Message::descriptor());
  Message message;
  const std::size_t before = Allocated();
  if (!message.ParseFromString(encoded)) return;
  const std::size_t allocated = Allocated() - before;
  const std::size_t used = message.SpaceUsedLong();
  EXPECT_GE(*told, used);
  EXPECT_GE(dearest, used);
  EXPECT_GE(*told, sizeof(Message) + allocated) << used;
}

// Repeats a piece of the input, so that a short input makes a long message.
std::string Encoded(Input* in) {
  std::string encoded;
  while (!in->empty()) {
    const unsigned times = 1 + in->Byte();
    const std::string piece = in->Text();
    for (unsigned i = 0; i < times && encoded.size() < 30'000; ++i) encoded += piece;
  }
  return encoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
#ifdef ABSL_HAVE_THREAD_SANITIZER  // protobuf's maps have another layout than in the library then
  return 0;
#endif
  Input in(data, size);
  const unsigned kind = in.Below(6);
  const std::string encoded = kind >= 3 ? Encoded(&in) : std::string(in.Rest());
  if (kind % 3 == 0) Check<Shapes>(encoded);
  if (kind % 3 == 1) Check<Many>(encoded);
  if (kind % 3 == 2) Check<RichStatus>(encoded);
  return 0;
}

}  // namespace udsecho::fuzz
